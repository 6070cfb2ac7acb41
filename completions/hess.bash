# Completion of hess in bash, 3.2 or newer.
# Made by `hess --completion`, from hesscli/cli/completions: change that, not this file.
# It needs no other package, changes no setting, and starts no process.

_hess_signatures=(
    'exp(x)'
    'exp2(x)'
    'expm1(x)'
    'log(x[, base])'
    'ln(x[, base])'
    'log2(x)'
    'lb(x)'
    'log10(x)'
    'lg(x)'
    'log1p(x)'
    'sigmoid(x)'
    'expit(x)'
    'logistic(x)'
    'softplus(x)'
    'logsumexp(x, y, ...)'
    'logaddexp(x, y, ...)'
    'logcosh(x)'
    'logit(p)'
    'logsigmoid(x)'
    'log_sigmoid(x)'
    'log_expit(x)'
    'exprel(x)'
    'xlogy(x, y)'
    'xlog1py(x, y)'
    'entr(x)'
    'silu(x)'
    'swish(x)'
    'square(x)'
    'reciprocal(x)'
    'rsqrt(x)'
    'pow(x, y)'
    'power(x, y)'
    'sqrt(x)'
    'cbrt(x)'
    'hypot(x, y)'
    'sin(x)'
    'sen(x)'
    'cos(x)'
    'tan(x)'
    'tg(x)'
    'sec(x)'
    'csc(x)'
    'cosec(x)'
    'cot(x)'
    'ctg(x)'
    'cotan(x)'
    'asin(x)'
    'arcsin(x)'
    'acos(x)'
    'arccos(x)'
    'atan(x)'
    'arctan(x)'
    'arctg(x)'
    'atg(x)'
    'atan2(y, x)'
    'arctan2(y, x)'
    'asec(x)'
    'arcsec(x)'
    'acsc(x)'
    'arccsc(x)'
    'acot(x)'
    'arccot(x)'
    'sinc(x)'
    'sinh(x)'
    'sh(x)'
    'cosh(x)'
    'ch(x)'
    'tanh(x)'
    'th(x)'
    'sech(x)'
    'csch(x)'
    'coth(x)'
    'asinh(x)'
    'arcsinh(x)'
    'arsinh(x)'
    'acosh(x)'
    'arccosh(x)'
    'arcosh(x)'
    'atanh(x)'
    'arctanh(x)'
    'artanh(x)'
    'asech(x)'
    'arcsech(x)'
    'arsech(x)'
    'acsch(x)'
    'arccsch(x)'
    'arcsch(x)'
    'acoth(x)'
    'arccoth(x)'
    'arcoth(x)'
    'abs(x)'
    'Abs(x)'
    'fabs(x)'
    'sign(x)'
    'sgn(x)'
    'signum(x)'
    'Heaviside(x)'
    'heaviside(x)'
    'floor(x)'
    'ceil(x)'
    'ceiling(x)'
    'max(x, y, ...)'
    'Max(x, y, ...)'
    'maximum(x, y, ...)'
    'fmax(x, y, ...)'
    'min(x, y, ...)'
    'Min(x, y, ...)'
    'minimum(x, y, ...)'
    'fmin(x, y, ...)'
    'relu(x)'
    'clip(x, low, high)'
    'clamp(x, low, high)'
    'huber(delta, x)'
    'smoothstep(a, b, x)'
    'elu(x)'
    're(x)'
    'conj(x)'
    'conjugate(x)'
    'im(x)'
    'where(condition, a, b)'
    'ite(condition, a, b)'
    'ifelse(condition, a, b)'
    'if_else(condition, a, b)'
    'cond(condition, a, b)'
    'iif(condition, a, b)'
    'Piecewise((a, condition), ..., (z, True))'
    'piecewise((a, condition), ..., (z, True))'
    'erf(x)'
    'erfc(x)'
    'Phi(x)'
    'normcdf(x)'
    'ndtr(x)'
    'norm_cdf(x)'
    'log_ndtr(x)'
    'normlogcdf(x)'
    'norm_logcdf(x)'
    'normpdf(x)'
    'norm_pdf(x)'
    'gelu(x)'
    'erfi(x)'
    'erfinv(x)'
    'erfcinv(x)'
    'gamma(x)'
    'Gamma(x)'
    'tgamma(x)'
    'betaln(x, y)'
    'lbeta(x, y)'
    'loggamma(x)'
    'lgamma(x)'
    'gammaln(x)'
    'log_gamma(x)'
    'digamma(x)'
    'psi(x)'
    'trigamma(x)'
    'polygamma(n, x)'
    'factorial(x)'
    'fact(x)'
    'beta(x, y)'
    'Beta(x, y)'
    'binomial(n, k)'
    'binom(n, k)'
    'comb(n, k)'
    'lowergamma(a, x)'
    'uppergamma(a, x)'
    'gammainc(a, x)'
    'gammaincc(a, x)'
    'besselj(n, x)'
    'jv(n, x)'
    'bessely(n, x)'
    'yv(n, x)'
    'besseli(n, x)'
    'iv(n, x)'
    'besselk(n, x)'
    'kv(n, x)'
    'spherical_jn(n, x)'
    'spherical_yn(n, x)'
    'airyai(x)'
    'Ai(x)'
    'airybi(x)'
    'Bi(x)'
    'airyaiprime(x)'
    'airybiprime(x)'
    'LambertW(x[, k])'
    'lambertw(x[, k])'
    'productlog(x[, k])'
    'zeta(s[, a])'
    'zetaderivative(n, s)'
    'polylog(s, x)'
    'expint(n, x)'
    'expn(n, x)'
    'E1(x)'
    'exp1(x)'
    'Ei(x)'
    'expi(x)'
    'li(x)'
    'Si(x)'
    'Ci(x)'
    'Shi(x)'
    'Chi(x)'
    'fresnels(x)'
    'fresnelc(x)'
    'elliptic_k(m)'
    'ellipk(m)'
    'elliptic_e(m)'
    'ellipe(m)'
    'legendre(n, x)'
    'chebyshevt(n, x)'
    'chebyshevu(n, x)'
    'hermite(n, x)'
    'hermite_prob(n, x)'
    'laguerre(n, x)'
    'Sum(f, (k, 1, n))'
    'Product(f, (k, 1, n))'
    'Derivative(f, x, ...)'
    'diff(f, x, ...)'
    'Integral(f, (t, a, b))'
    'integrate(f, (t, a, b))'
    'sum(x)'
    'mean(x)'
    'average(x)'
    'prod(x)'
    'norm(x, ...)'
    'dot(x, y)'
    'inner(x, y)'
    'vdot(x, y)'
    'matmul(A, B)'
    'outer(x, y)'
    'einsum('\''ij,j->i'\'', A, x)'
    'transpose(A)'
    'trace(A)'
    'tr(A)'
    'diag(x)'
    'det(A)'
    'logdet(A)'
    'inv(A)'
    'solve(A, b)'
    'expm(A)'
    'softmax(x)'
    'log_softmax(x)'
    'logsoftmax(x)'
    'cumsum(x)'
    'concatenate(x, y, ...)'
    'concat(x, y, ...)'
    'eye(n)'
    'identity(n)'
    'arange(n)'
    'ones(n)'
    'zeros(n)'
    'len(x)'
)

# Split the line as the shell would: `words` without quotation marks, the index `here` of the word
# at the cursor, what is `typed` of it, and the quotation mark that is open there, `quote`.
# COMP_WORDS cannot be used: it breaks words at `=`, and has what stands behind the cursor.
_hess_split() {
    local rest=${COMP_LINE:0:COMP_POINT} word='' begun='' mark='' plain next
    while [[ -n $rest || $here -lt 0 ]]; do
        if [[ -z $rest ]]; then
            here=${#words[@]} typed=$word begun=1 quote=$mark rest=${COMP_LINE:COMP_POINT}
            continue
        fi
        case $mark in
            \') plain=${rest%%\'*} ;;
            \") plain=${rest%%[\"\\]*} ;;
            *) plain=${rest%%[[:space:]\"\'\\]*} ;;
        esac
        word+=$plain next=${rest:${#plain}:1} rest=${rest:${#plain}+1}
        [[ -n $plain || $next != [[:space:]] ]] && begun=1
        case $next in
            '') ;;
            \\) word+=${rest:0:1} rest=${rest:1} ;;
            [\"\']) if [[ -n $mark ]]; then mark=; else mark=$next; fi ;;
            *) [[ -n $begun ]] && words+=("$word") word='' begun='' ;;
        esac
    done
    [[ -n $begun ]] && words+=("$word")
}

# Offer a text that starts with `stem`. What may follow it in the same word is the second argument;
# without it, the word ends there.
_hess_offer() {
    [[ $1 == "$stem"* ]] || return
    local left=${1:${#stem}}
    follows=${2-}
    if [[ -n $quote ]]; then
        [[ $left == *[\"\'\\\$\`]* ]] && return
    else
        [[ -z $left ]] || printf -v left %q "$left"
        [[ -n $follows ]] || left+=' '
    fi
    replies+=("$replaced$left") listed+=("$1")
}

_hess_words() {
    local text
    for text; do _hess_offer "$text"; done
}

# The options not yet given; --at may be given again.
_hess_options() {
    local names name
    for names in "${options[@]}"; do
        for name in $names; do
            [[ $given == *" $name "* && $name != --at ]] && continue 2
        done
        for name in $names; do _hess_offer "$name"; done
    done
}

# Calls, from their signatures. Outside quotation marks a bracket would be the shell's.
_hess_calls() {
    local signature call
    for signature; do
        call=${signature%%\(*}${quote:+(}
        _hess_offer "$call" "${signature#"$call"}"
    done
}

# The functions for the last name in the formula, or all where a name may start.
_hess_functions() {
    if [[ $stem =~ [[:alpha:]_][[:alnum:]_]*$ ]]; then
        stem=${BASH_REMATCH[0]}
    elif [[ -z $stem || $stem == *[-+*/^\(,\<\>=[:space:]] ]]; then
        stem=
    else
        return
    fi
    # Behind the tensor of a call.
    [[ -n $quote && -n $stem && $typed == *\(*,* ]] && _hess_offer axis= "0)"
    _hess_calls "${_hess_signatures[@]}"
}

# The files with one of the suffixes, or with any where none is said, and the directories.
_hess_files() {
    local file path=$stem
    [[ -z $quote && $typed == \~/* ]] && path=$HOME${stem:1}
    # With this setting, a pattern that matches no file is an error.
    shopt -q failglob && return
    for file in "$path"*; do
        if [[ -d $file ]]; then
            _hess_offer "$stem${file:${#path}}/" ...
        elif [[ -e $file && ( $# -eq 0 || " $* " == *" ${file##*.} "* ) ]]; then
            _hess_offer "$stem${file:${#path}}"
        fi
    done
}

# The variables of the formula: its names without a bracket behind them.
_hess_variables() {
    local rest=${formula//[ⁿˣʸ]/ } name
    local a_name='^[[:alpha:]_][[:alnum:]_₀₁₂₃₄₅₆₇₈₉]*' a_call='^[[:space:]]*\('
    local an_attribute='^\.[[:alpha:]_]+'
    local a_number='^([0-9]+(_[0-9]+)*(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?'
    variables=
    while [[ -n $rest ]]; do
        if [[ $rest =~ $a_name ]]; then
            name=${BASH_REMATCH[0]} rest=${rest:${#BASH_REMATCH[0]}}
            [[ $rest =~ $a_call || " pi π e E I oo True False None axis dim keepdims and or not if else $variables" == *" $name "* ]] ||
                variables+="$name "
        elif [[ $rest =~ $a_number || $rest =~ $an_attribute ]]; then
            rest=${rest:${#BASH_REMATCH[0]}}
        else
            rest=${rest:1}
        fi
    done
}

# The value of --at: names not yet given a value, or the start of a value.
_hess_point() {
    local text=$stem last name variables
    # A comma in brackets is part of a value.
    local bracket='^(.*)(\[[^][()]*\]|\([^][()]*\))(.*)$'
    while [[ $text =~ $bracket ]]; do text=${BASH_REMATCH[1]}0${BASH_REMATCH[3]}; done
    [[ $text == *[[\(]* ]] && return
    last=${text##*,} last=${last# }
    if [[ $last == @* || $last == *=@* ]]; then
        stem=${stem##*@}
        _hess_files npy json csv tsv
    elif [[ $last == *=* ]]; then
        stem=${last#*=}
        _hess_calls 'randn(2,2)' 'rand(3)' 'zeros(2,2)' 'ones(3)' 'eye(3)' 'arange(4)' 'linspace(0,1,5)'
    elif [[ $text != *,* || ${text%%,*} == *=* ]]; then
        stem=$last
        _hess_variables
        for name in $variables; do
            [[ " ${text//,/ }" == *" $name="* ]] || _hess_offer "$name=" ...
        done
    fi
}

# The value of --wrt: names not yet given.
_hess_names() {
    local name named='' left=() variables
    [[ $stem == *,* ]] && named=${stem%,*}
    stem=${stem##*,}
    _hess_variables
    for name in $variables; do
        [[ ",${named// /}," == *",$name,"* ]] || left+=("$name")
    done
    for name in "${left[@]}"; do
        if [[ ${#left[@]} -gt 1 ]]; then _hess_offer "$name" ,...; else _hess_offer "$name"; fi
    done
}

# The value of --expect and --expect-gradient: a file, or numbers, which nobody can complete.
_hess_matrix() {
    [[ $stem == @* ]] || return
    stem=${stem#@}
    _hess_files npy json csv tsv
}

_hess_value() {
    case $option in
        --at) _hess_point ;;
        --wrt) _hess_names ;;
        --verify) _hess_words auto always never ;;
        --expect) _hess_matrix ;;
        --expect-gradient) _hess_matrix ;;
        --dtype) _hess_words float64 float32 ;;
        --device) _hess_words cpu cuda ;;
        --format) _hess_words terminal plain json csv latex ;;
        --code) _hess_words torch jax numpy c sympy ;;
        --output|-o) _hess_files ;;
        --plot) _hess_files svg png pdf ;;
        --color) _hess_words auto always never ;;
        --completion) _hess_words bash zsh fish ;;
        '>') _hess_files ;;
    esac
}

_hess() {
    local options=(
        '--at'
        '--grid'
        '--wrt'
        '--seed'
        '--exact'
        '--digits'
        '--minors'
        '--verify'
        '--check'
        '--expect'
        '--expect-gradient'
        '--dtype'
        '--device'
        '--timeout'
        '--format'
        '--json'
        '--code'
        '--output -o'
        '--plot'
        '--full'
        '--color'
        '--functions'
        '--schema'
        '--completion'
        '--version'
        '--warm-status'
        '--warm-stop'
        '--help -h'
    )
    local valued=' --at --grid --wrt --seed --digits --verify --expect --expect-gradient --dtype --device --timeout --format --code --output -o --plot --color --completion '
    local redirection='^[0-9]*&?[<>]+[&|]?' IFS=$' \t\n'
    local words=() here=-1 typed='' quote='' pending='' option='' stem='' formula='' given=' '
    local replaced=$2 replies=() listed=() follows='' in_formula='' ended word i
    _hess_split
    COMPREPLY=()
    # Nothing follows a closed quotation mark.
    [[ -z $quote && ${COMP_LINE:COMP_POINT-1:1} == [\"\'] ]] && return
    stem=$typed ended=${#words[@]}
    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]}
        ((i == here)) && word=$typed
        if [[ -n $pending ]]; then
            ((i == here)) && option=$pending
            pending=
        elif [[ $word =~ $redirection ]]; then
            if ((i == here)); then
                option='>' stem=${word#"${BASH_REMATCH[0]}"}
            elif [[ $word == "${BASH_REMATCH[0]}" ]]; then
                pending='>'
            fi
        elif [[ $i -gt $ended || ( $word != --* && " ${options[*]} " != *" $word "* ) ]]; then
            if ((i == here)); then in_formula=1; else formula=${formula:-$word}; fi
        elif ((i == here)); then
            [[ $word == *=* ]] && option=${word%%=*} stem=${word#*=}
        elif [[ $word == -- ]]; then
            ended=$i
        else
            given+="${word%%=*} "
            [[ $valued == *" $word "* ]] && pending=$word
        fi
    done
    if [[ -n $option ]]; then
        _hess_value
    else
        if [[ $here -lt $ended && -z $quote && ( -n $formula || $typed == -* ) ]]; then
            _hess_options
        fi
        [[ -n $in_formula && -z $formula && $quote$typed != - ]] && _hess_functions
    fi
    if [[ ${#replies[@]} -eq 1 && -n $quote && -n $follows && $COMP_TYPE != 37 ]]; then
        # A text that is the only one gets a closing quotation mark; what two texts share does not.
        replies+=("${replies[0]}$follows")
    elif [[ ${#replies[@]} -gt 1 && $COMP_TYPE == 63 ]]; then
        # These are only listed, and need not repeat what is typed already.
        replies=("${listed[@]}")
    fi
    COMPREPLY=("${replies[@]}")
}

complete -o nospace -F _hess hess
