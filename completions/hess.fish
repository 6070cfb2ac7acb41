# Completion of hess in fish.
# Made by `hess --completion`, from hesscli/cli/completions: change that, not this file.
# The functions share the variables of `__hess`: `stem` is what they complete, `head` what stands
# before it in the word, `quote` the quotation mark that is open, and `formula` the formula.

# Print the arguments that start with the stem. Behind a tab, an argument has its description.
function __hess_words --no-scope-shadowing
    for line in (string match -r -- '^'(string escape --style=regex -- $stem)'.*' $argv)
        printf '%s\n' "$head$line"
    end
end

# The same for calls, told by their signatures.
function __hess_calls --no-scope-shadowing
    # Outside quotation marks a bracket would be the shell's.
    set -l bracket ''
    test -n "$quote"; and set bracket '('
    set -l found (__hess_words (string replace -r '\(.*\t' "$bracket"\t -- $argv))
    string join \n -- $found
    # Behind an only offer, fish closes the quotation mark; not behind what two offers share.
    test (count $found) -eq 1; and __hess_words $argv
end

# The functions for the last name in the formula, or all where a name may start.
function __hess_functions --no-scope-shadowing
    set -l parts (string match -r '^(.*?)((?<![\p{L}_])[\p{L}_][\p{L}\p{Nd}_]*|)$' -- "$stem")
    set head $parts[2]
    set stem $parts[3]
    if test -z "$stem"; and not string match -qr '(^|[-+*/^(,<>=\s])$' -- $head
        return
    end
    # Behind the tensor of a call.
    test -n "$quote" -a -n "$stem"; and string match -q '*(*,*' -- $head
    and __hess_words axis=\t'over this axis of a tensor'
    __hess_calls \
        'exp(x)'\t'e to the power x' \
        'exp2(x)'\t'2 to the power x' \
        'expm1(x)'\t'exp(x) - 1, accurate near 0' \
        'log(x[, base])'\t'natural logarithm, or to a base' \
        'ln(x[, base])'\t'natural logarithm, or to a base' \
        'log2(x)'\t'logarithm to base 2' \
        'lb(x)'\t'logarithm to base 2' \
        'log10(x)'\t'logarithm to base 10' \
        'lg(x)'\t'logarithm to base 10' \
        'log1p(x)'\t'log(1 + x), accurate near 0' \
        'sigmoid(x)'\t'1/(1 + exp(-x))' \
        'expit(x)'\t'1/(1 + exp(-x))' \
        'logistic(x)'\t'1/(1 + exp(-x))' \
        'softplus(x)'\t'log(1 + exp(x))' \
        'logsumexp(x, y, ...)'\t'log(exp(x) + exp(y) + ...)' \
        'logaddexp(x, y, ...)'\t'log(exp(x) + exp(y) + ...)' \
        'logcosh(x)'\t'log(cosh(x))' \
        'logit(p)'\t'log(p) - log(1 - p)' \
        'logsigmoid(x)'\t'-softplus(-x)' \
        'log_sigmoid(x)'\t'-softplus(-x)' \
        'log_expit(x)'\t'-softplus(-x)' \
        'exprel(x)'\t'expm1(x)/x' \
        'xlogy(x, y)'\t'x*log(y)' \
        'xlog1py(x, y)'\t'x*log1p(y)' \
        'entr(x)'\t'-x*log(x)' \
        'silu(x)'\t'x*sigmoid(x)' \
        'swish(x)'\t'x*sigmoid(x)' \
        'square(x)'\t'x**2' \
        'reciprocal(x)'\t'1/x' \
        'rsqrt(x)'\t'1/sqrt(x)' \
        'pow(x, y)'\t'x to the power y' \
        'power(x, y)'\t'x to the power y' \
        'sqrt(x)'\t'square root' \
        'cbrt(x)'\t'real cube root, negative for negative x' \
        'hypot(x, y)'\t'sqrt(x**2 + y**2)' \
        'sin(x)'\t'sine, x in radians' \
        'sen(x)'\t'sine, x in radians' \
        'cos(x)'\t'cosine' \
        'tan(x)'\t'tangent' \
        'tg(x)'\t'tangent' \
        'sec(x)'\t'1/cos(x)' \
        'csc(x)'\t'1/sin(x)' \
        'cosec(x)'\t'1/sin(x)' \
        'cot(x)'\t'cos(x)/sin(x)' \
        'ctg(x)'\t'cos(x)/sin(x)' \
        'cotan(x)'\t'cos(x)/sin(x)' \
        'asin(x)'\t'inverse sine' \
        'arcsin(x)'\t'inverse sine' \
        'acos(x)'\t'inverse cosine' \
        'arccos(x)'\t'inverse cosine' \
        'atan(x)'\t'inverse tangent' \
        'arctan(x)'\t'inverse tangent' \
        'arctg(x)'\t'inverse tangent' \
        'atg(x)'\t'inverse tangent' \
        'atan2(y, x)'\t'angle of the point (x, y), in (-pi, pi]' \
        'arctan2(y, x)'\t'angle of the point (x, y), in (-pi, pi]' \
        'asec(x)'\t'inverse secant' \
        'arcsec(x)'\t'inverse secant' \
        'acsc(x)'\t'inverse cosecant' \
        'arccsc(x)'\t'inverse cosecant' \
        'acot(x)'\t'inverse cotangent, atan(1/x)' \
        'arccot(x)'\t'inverse cotangent, atan(1/x)' \
        'sinc(x)'\t'sin(x)/x, without a factor pi' \
        'sinh(x)'\t'hyperbolic sine' \
        'sh(x)'\t'hyperbolic sine' \
        'cosh(x)'\t'hyperbolic cosine' \
        'ch(x)'\t'hyperbolic cosine' \
        'tanh(x)'\t'hyperbolic tangent' \
        'th(x)'\t'hyperbolic tangent' \
        'sech(x)'\t'1/cosh(x)' \
        'csch(x)'\t'1/sinh(x)' \
        'coth(x)'\t'1/tanh(x)' \
        'asinh(x)'\t'inverse hyperbolic sine' \
        'arcsinh(x)'\t'inverse hyperbolic sine' \
        'arsinh(x)'\t'inverse hyperbolic sine' \
        'acosh(x)'\t'inverse hyperbolic cosine' \
        'arccosh(x)'\t'inverse hyperbolic cosine' \
        'arcosh(x)'\t'inverse hyperbolic cosine' \
        'atanh(x)'\t'inverse hyperbolic tangent' \
        'arctanh(x)'\t'inverse hyperbolic tangent' \
        'artanh(x)'\t'inverse hyperbolic tangent' \
        'asech(x)'\t'inverse hyperbolic secant' \
        'arcsech(x)'\t'inverse hyperbolic secant' \
        'arsech(x)'\t'inverse hyperbolic secant' \
        'acsch(x)'\t'inverse hyperbolic cosecant' \
        'arccsch(x)'\t'inverse hyperbolic cosecant' \
        'arcsch(x)'\t'inverse hyperbolic cosecant' \
        'acoth(x)'\t'inverse hyperbolic cotangent' \
        'arccoth(x)'\t'inverse hyperbolic cotangent' \
        'arcoth(x)'\t'inverse hyperbolic cotangent' \
        'abs(x)'\t'absolute value' \
        'Abs(x)'\t'absolute value' \
        'fabs(x)'\t'absolute value' \
        'sign(x)'\t'-1, 0 or 1' \
        'sgn(x)'\t'-1, 0 or 1' \
        'signum(x)'\t'-1, 0 or 1' \
        'Heaviside(x)'\t'0 for negative x, 1 for positive x, 1/2 at 0' \
        'heaviside(x)'\t'0 for negative x, 1 for positive x, 1/2 at 0' \
        'floor(x)'\t'largest whole number at most x' \
        'ceil(x)'\t'smallest whole number at least x' \
        'ceiling(x)'\t'smallest whole number at least x' \
        'max(x, y, ...)'\t'the largest; of one tensor, its largest element' \
        'Max(x, y, ...)'\t'the largest; of one tensor, its largest element' \
        'maximum(x, y, ...)'\t'the largest; of one tensor, its largest element' \
        'fmax(x, y, ...)'\t'the largest; of one tensor, its largest element' \
        'min(x, y, ...)'\t'the smallest; of one tensor, its smallest element' \
        'Min(x, y, ...)'\t'the smallest; of one tensor, its smallest element' \
        'minimum(x, y, ...)'\t'the smallest; of one tensor, its smallest element' \
        'fmin(x, y, ...)'\t'the smallest; of one tensor, its smallest element' \
        'relu(x)'\t'max(x, 0)' \
        'clip(x, low, high)'\t'min(max(x, low), high)' \
        'clamp(x, low, high)'\t'min(max(x, low), high)' \
        'huber(delta, x)'\t'where(abs(x) <= delta, x**2/2, delta*(abs(x) - delta/2))' \
        'smoothstep(a, b, x)'\t'clip((x-a)/(b-a), 0, 1)**2*(3 - 2*clip((x-a)/(b-a), 0, 1))' \
        'elu(x)'\t'where(x > 0, x, expm1(x))' \
        're(x)'\t'x' \
        'conj(x)'\t'x' \
        'conjugate(x)'\t'x' \
        'im(x)'\t'0*x' \
        'where(condition, a, b)'\t'a where the condition holds, else b' \
        'ite(condition, a, b)'\t'a where the condition holds, else b' \
        'ifelse(condition, a, b)'\t'a where the condition holds, else b' \
        'if_else(condition, a, b)'\t'a where the condition holds, else b' \
        'cond(condition, a, b)'\t'a where the condition holds, else b' \
        'iif(condition, a, b)'\t'a where the condition holds, else b' \
        'Piecewise((a, condition), ..., (z, True))'\t'the first value whose condition holds' \
        'piecewise((a, condition), ..., (z, True))'\t'the first value whose condition holds' \
        'erf(x)'\t'error function' \
        'erfc(x)'\t'1 - erf(x), accurate for large x' \
        'Phi(x)'\t'erfc(-x/sqrt(2))/2' \
        'normcdf(x)'\t'erfc(-x/sqrt(2))/2' \
        'ndtr(x)'\t'erfc(-x/sqrt(2))/2' \
        'norm_cdf(x)'\t'erfc(-x/sqrt(2))/2' \
        'log_ndtr(x)'\t'log(erfc(-x/sqrt(2))/2)' \
        'normlogcdf(x)'\t'log(erfc(-x/sqrt(2))/2)' \
        'norm_logcdf(x)'\t'log(erfc(-x/sqrt(2))/2)' \
        'normpdf(x)'\t'exp(-x**2/2)/sqrt(2*pi)' \
        'norm_pdf(x)'\t'exp(-x**2/2)/sqrt(2*pi)' \
        'gelu(x)'\t'x*Phi(x)' \
        'erfi(x)'\t'imaginary error function' \
        'erfinv(x)'\t'inverse error function' \
        'erfcinv(x)'\t'inverse of erfc' \
        'gamma(x)'\t'gamma function' \
        'Gamma(x)'\t'gamma function' \
        'tgamma(x)'\t'gamma function' \
        'betaln(x, y)'\t'loggamma(x) + loggamma(y) - loggamma(x + y)' \
        'lbeta(x, y)'\t'loggamma(x) + loggamma(y) - loggamma(x + y)' \
        'loggamma(x)'\t'log(gamma(x)), real for x > 0' \
        'lgamma(x)'\t'log(gamma(x)), real for x > 0' \
        'gammaln(x)'\t'log(gamma(x)), real for x > 0' \
        'log_gamma(x)'\t'log(gamma(x)), real for x > 0' \
        'digamma(x)'\t'derivative of loggamma' \
        'psi(x)'\t'derivative of loggamma' \
        'trigamma(x)'\t'second derivative of loggamma' \
        'polygamma(n, x)'\t'derivative number n of digamma' \
        'factorial(x)'\t'gamma(x + 1); also x!' \
        'fact(x)'\t'gamma(x + 1); also x!' \
        'beta(x, y)'\t'gamma(x)*gamma(y)/gamma(x + y)' \
        'Beta(x, y)'\t'gamma(x)*gamma(y)/gamma(x + y)' \
        'binomial(n, k)'\t'n over k, for real n and k by gamma functions' \
        'binom(n, k)'\t'n over k, for real n and k by gamma functions' \
        'comb(n, k)'\t'n over k, for real n and k by gamma functions' \
        'lowergamma(a, x)'\t'integral of t**(a - 1)*exp(-t) from 0 to x' \
        'uppergamma(a, x)'\t'integral of t**(a - 1)*exp(-t) from x to oo' \
        'gammainc(a, x)'\t'lowergamma(a, x)/gamma(a)' \
        'gammaincc(a, x)'\t'uppergamma(a, x)/gamma(a)' \
        'besselj(n, x)'\t'Bessel function of the first kind, of order n' \
        'jv(n, x)'\t'Bessel function of the first kind, of order n' \
        'bessely(n, x)'\t'Bessel function of the second kind' \
        'yv(n, x)'\t'Bessel function of the second kind' \
        'besseli(n, x)'\t'modified Bessel function of the first kind' \
        'iv(n, x)'\t'modified Bessel function of the first kind' \
        'besselk(n, x)'\t'modified Bessel function of the second kind' \
        'kv(n, x)'\t'modified Bessel function of the second kind' \
        'spherical_jn(n, x)'\t'spherical Bessel function of the first kind' \
        'spherical_yn(n, x)'\t'spherical Bessel function of the second kind' \
        'airyai(x)'\t'Airy function Ai' \
        'Ai(x)'\t'Airy function Ai' \
        'airybi(x)'\t'Airy function Bi' \
        'Bi(x)'\t'Airy function Bi' \
        'airyaiprime(x)'\t'derivative of airyai' \
        'airybiprime(x)'\t'derivative of airybi' \
        'LambertW(x[, k])'\t'w with w*exp(w) = x; branch k is 0 or -1' \
        'lambertw(x[, k])'\t'w with w*exp(w) = x; branch k is 0 or -1' \
        'productlog(x[, k])'\t'w with w*exp(w) = x; branch k is 0 or -1' \
        'zeta(s[, a])'\t'Riemann\'s zeta function, or Hurwitz\'s' \
        'zetaderivative(n, s)'\t'derivative number n of zeta(s)' \
        'polylog(s, x)'\t'polylogarithm of order s' \
        'expint(n, x)'\t'integral of exp(-x*t)/t**n for t from 1 to oo' \
        'expn(n, x)'\t'integral of exp(-x*t)/t**n for t from 1 to oo' \
        'E1(x)'\t'expint(1, x)' \
        'exp1(x)'\t'expint(1, x)' \
        'Ei(x)'\t'exponential integral' \
        'expi(x)'\t'exponential integral' \
        'li(x)'\t'logarithmic integral, Ei(log(x))' \
        'Si(x)'\t'sine integral' \
        'Ci(x)'\t'cosine integral' \
        'Shi(x)'\t'hyperbolic sine integral' \
        'Chi(x)'\t'hyperbolic cosine integral' \
        'fresnels(x)'\t'integral of sin(pi*t**2/2) from 0 to x' \
        'fresnelc(x)'\t'integral of cos(pi*t**2/2) from 0 to x' \
        'elliptic_k(m)'\t'complete elliptic integral K of parameter m' \
        'ellipk(m)'\t'complete elliptic integral K of parameter m' \
        'elliptic_e(m)'\t'complete elliptic integral E of parameter m' \
        'ellipe(m)'\t'complete elliptic integral E of parameter m' \
        'legendre(n, x)'\t'Legendre polynomial of degree n' \
        'chebyshevt(n, x)'\t'Chebyshev polynomial of the first kind' \
        'chebyshevu(n, x)'\t'Chebyshev polynomial of the second kind' \
        'hermite(n, x)'\t'Hermite polynomial, the physicists\'' \
        'hermite_prob(n, x)'\t'Hermite polynomial, the probabilists\'' \
        'laguerre(n, x)'\t'Laguerre polynomial' \
        'Sum(f, (k, 1, n))'\t'f added up for k = 1, 2, ..., n' \
        'Product(f, (k, 1, n))'\t'f multiplied up for k = 1, 2, ..., n' \
        'Derivative(f, x, ...)'\t'derivative of f; x, 2 for the second' \
        'diff(f, x, ...)'\t'derivative of f; x, 2 for the second' \
        'Integral(f, (t, a, b))'\t'integral where a closed form is found' \
        'integrate(f, (t, a, b))'\t'integral where a closed form is found' \
        'sum(x)'\t'sum of all elements' \
        'mean(x)'\t'mean of all elements' \
        'average(x)'\t'mean of all elements' \
        'prod(x)'\t'product of all elements' \
        'norm(x, ...)'\t'Euclidean length of all elements; norm(x, 1): of order 1' \
        'dot(x, y)'\t'sum(x*y) of vectors; of matrices x@y' \
        'inner(x, y)'\t'sum(x*y) of vectors; of matrices x@y' \
        'vdot(x, y)'\t'sum(x*y) of vectors; of matrices x@y' \
        'matmul(A, B)'\t'the product A@B' \
        'outer(x, y)'\t'all products of two elements' \
        'einsum(\'ij,j->i\', A, x)'\t'products summed over the letters not behind ->' \
        'transpose(A)'\t'A.T; of axes in an order, transpose(A, (1, 0, 2))' \
        'trace(A)'\t'sum of the diagonal' \
        'tr(A)'\t'sum of the diagonal' \
        'diag(x)'\t'the diagonal matrix of a vector; the diagonal of a matrix' \
        'det(A)'\t'determinant' \
        'logdet(A)'\t'log(det(A))' \
        'inv(A)'\t'inverse matrix' \
        'solve(A, b)'\t'inv(A)@b, without the inverse' \
        'expm(A)'\t'exponential of a matrix' \
        'softmax(x)'\t'exp(x)/sum(exp(x)), or over an axis' \
        'log_softmax(x)'\t'x - logsumexp(x), or over an axis' \
        'logsoftmax(x)'\t'x - logsumexp(x), or over an axis' \
        'cumsum(x)'\t'sums of the elements so far, along an axis' \
        'concatenate(x, y, ...)'\t'tensors one after the other, along an axis' \
        'concat(x, y, ...)'\t'tensors one after the other, along an axis' \
        'eye(n)'\t'identity matrix' \
        'identity(n)'\t'identity matrix' \
        'arange(n)'\t'0, 1, ..., n - 1; arange(start, stop, step)' \
        'ones(n)'\t'n ones; ones((n, m)) for a matrix' \
        'zeros(n)'\t'n zeros' \
        'len(x)'\t'the length of the first axis'
end

# The variables of the formula: its names without a bracket behind them.
function __hess_variables --no-scope-shadowing
    set -l number '(?<![\p{L}\p{N}_])([0-9][0-9_]*(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?'
    set -l name '(?<![\p{L}\p{N}_])[\p{Ll}\p{Lu}\p{Lo}_][\p{Ll}\p{Lu}\p{Lo}\p{Nd}₀-₉_]*+(?!\s*\()'
    set -l found
    for variable in (string replace -ra $number'|\.[\p{L}_]+' ' ' -- $formula | string match -ra $name)
        contains -- $variable pi π e E I oo True False None axis dim keepdims and or not if else $found
        or set -a found $variable
    end
    string join \n -- $found
end

# The files with one of the suffixes, or with any where none is said, and the directories.
function __hess_files --no-scope-shadowing
    set -l start $stem
    test -z "$head$quote"; and set start (string replace -r '^~/' ~/ -- $stem)
    for file in "$start"*
        set -l name $stem(string sub -s (math 1 + (string length -- $start)) -- $file)
        if test -d $file
            __hess_words $name/
        else if test -z "$argv"; or contains -- (string match -r '[^.]*$' -- $file) $argv
            __hess_words $name
        end
    end
end

# The value of --at: names not yet given a value, or the start of a value.
function __hess_point --no-scope-shadowing
    set -l text $stem
    # A comma in brackets is part of a value.
    set -l bracket '\[[^][()]*\]|\([^][()]*\)'
    while string match -qr $bracket -- $text
        set text (string replace -r $bracket 0 -- $text)
    end
    string match -qr '[[(]' -- $text; and return
    set -l last (string replace -r '.*,\s*' '' -- $text)
    if string match -qr '^[^@=]*=?@' -- $last
        __hess_split '@'
        __hess_files npy json csv tsv
    else if string match -q '*=*' -- $last
        __hess_split '='
        __hess_calls \
            'randn(2,2)'\t'normal random numbers' \
            'rand(3)'\t'random numbers between 0 and 1' \
            'zeros(2,2)'\t'zeros' \
            'ones(3)'\t'ones' \
            'eye(3)'\t'the identity matrix' \
            'arange(4)'\t'0, 1, 2, 3' \
            'linspace(0,1,5)'\t'5 numbers from 0 to 1'
    else if not string match -qr '^[^=]*,' -- $text
        __hess_split ',\s*'
        set -l named (string match -ra '[^,=\s]+(?==)' -- $text)
        for name in (__hess_variables)
            contains -- $name $named
            or __hess_words $name=
        end
    end
end

# The value of --wrt: names not yet given.
function __hess_names --no-scope-shadowing
    set -l named (string match -ra '[^,\s]+(?=\s*,)' -- $stem)
    __hess_split ',\s*'
    set -l left
    for name in (__hess_variables)
        contains -- $name $named
        or set -a left $name
    end
    set -l found (__hess_words $left)
    string join \n -- $found
    # Behind an only offer, fish ends the word; but more names may follow.
    test (count $found) -eq 1; and test (count $left) -gt 1; and string join \n -- $found,
end

# The value of --expect and --expect-gradient: a file, or numbers, which nobody can complete.
function __hess_matrix --no-scope-shadowing
    string match -q '@*' -- $stem
    and __hess_split '@'
    and __hess_files npy json csv tsv
end

# Move what stands before the last match of a pattern, and the match, from the stem to the head.
function __hess_split --no-scope-shadowing
    set -l parts (string match -r "^(.*$argv|)(.*)\$" -- "$stem")
    set head $head$parts[2]
    set stem $parts[3]
end

# The options not yet given; --at may be given again.
function __hess_options --no-scope-shadowing
    for line in \
            '--at'\t'Where: \'2,4\', \'x=2,y=[1,2]\', \'x=randn(2,2)\', \'x=@data.npy\', \'x=@d.csv:column\'; - reads points from standard input, one a line' \
            '--grid'\t'Points of a grid: \'x=0..1:11,y=-1..1:11\' has 11 numbers of each, ends included; with --at for the other variables' \
            '--wrt'\t'Which variables to differentiate, and in which order: \'y,x\'' \
            '--seed'\t'The seed of randn and rand, as torch.manual_seed takes it' \
            '--exact'\t'Exact numbers in closed form, such as sqrt(2)/3' \
            '--digits'\t'Numbers to N digits, all right' \
            '--minors'\t'The determinant and the leading principal minors; --exact has them always' \
            '--verify'\t'Prove the numbers in ball arithmetic: auto within a bounded amount of work, always within fifty times as much' \
            '--check'\t'Show each entry by autograd, exactly, and by finite differences; status 1 where they disagree' \
            '--expect'\t'Compare with your own Hessian, \'[[2*y,2*x],[2*x,0]]\', \'A + A.T\' or \'@mine.tsv\', in symbols where there is no point; status 1 where it differs' \
            '--expect-gradient'\t'The same for your own gradient: \'[2*x*y,x**2]\'' \
            '--dtype'\t'The floating-point type to compute in' \
            '--device'\t'The torch device to compute on' \
            '--timeout'\t'Stop an answer that takes longer; 0 waits for ever' \
            '--format'\t'How to write the answer: drawn for people (terminal), the matrix as tab-separated numbers (plain), or for programs' \
            '--json'\t'The same as --format json: one object a point, one a line' \
            '--code'\t'Write a function of value, gradient and Hessian in place of an answer, with its call at the point if there is one' \
            '--output -o'\t'Write the answer into FILE; .json, .csv, .tsv, .tex and .txt tell its format' \
            '--plot'\t'Draw a picture of the answer into FILE, .svg, .png or .pdf' \
            '--full'\t'Every number of a large answer, and the blocks of each of many points' \
            '--color'\t'Colour the numbers; auto does on a terminal, unless NO_COLOR is set' \
            '--functions'\t'List every function that a formula may call, or with a WORD those about it' \
            '--schema'\t'Print the JSON Schema of --json' \
            '--completion'\t'Print the script that completes hess in a shell' \
            '--version'\t'Print the version' \
            '--warm-status'\t'Tell which helpers HESS_WARM=1 has started' \
            '--warm-stop'\t'End these helpers' \
            '--help -h'\t'Show this help'
        set -l parts (string split \t -- $line)
        set -l names (string split ' ' -- $parts[1])
        set -l used
        for name in $names
            contains -- $name $given
            and set used 1
        end
        contains -- --at $names
        or test -z "$used"
        and __hess_words $names\t$parts[2]
    end
end

function __hess
    set -l names --at --grid --wrt --seed --exact --digits --minors --verify --check --expect --expect-gradient --dtype --device --timeout --format --json --code --output -o --plot --full --color --functions --schema --completion --version --warm-status --warm-stop --help -h
    set -l valued --at --grid --wrt --seed --digits --verify --expect --expect-gradient --dtype --device --timeout --format --code --output -o --plot --color --completion
    set -l token (commandline -ct)
    set -l head ''
    set -l stem (string unescape -- $token)
    set -l closed '\\\\.|"(\\\\.|[^"\\\\])*"|\'(\\\\.|[^\'\\\\])*\''
    set -l quote (string replace -ra $closed '' -- $token | string match -r '["\']')
    # Nothing follows a closed quotation mark.
    test -z "$quote"; and string match -qr '["\']$' -- $token; and return

    set -l formula
    set -l option
    set -l given
    set -l ended
    for word in (commandline -opc)[2..]
        if test -n "$option"
            set option
        else if not string match -q -- '--*' $word; and not contains -- $word $names
                or test -n "$ended"
            test -n "$formula"; or set formula $word
        else if test $word = --
            set ended 1
        else
            set -a given (string replace -r '=.*' '' -- $word)
            contains -- $word $valued; and set option $word
        end
    end
    if test -z "$option$ended"; and string match -q -- '--*=*' $stem
        set option (string replace -r '=.*' '' -- $stem)
        set head $option=
        set stem (string replace -r '^[^=]*=' '' -- $stem)
    end

    if test -n "$option"
        switch $option
            case --at; __hess_point
            case --wrt; __hess_names
            case --verify; __hess_words auto always never
            case --expect; __hess_matrix
            case --expect-gradient; __hess_matrix
            case --dtype; __hess_words float64 float32
            case --device; __hess_words cpu cuda
            case --format; __hess_words terminal plain json csv latex
            case --code; __hess_words torch jax numpy c sympy
            case --output -o; __hess_files
            case --plot; __hess_files svg png pdf
            case --color; __hess_words auto always never
            case --completion; __hess_words bash zsh fish
        end
        return
    end
    if test -z "$quote$ended"
        if test -n "$formula"; or string match -q -- '-*' $stem
            __hess_options
        end
        string match -qr '^(-$|--)' -- $stem; or contains -- $stem $names; and return
    end
    test -z "$formula"; and __hess_functions
end

complete -c hess -f -a '(__hess)'
