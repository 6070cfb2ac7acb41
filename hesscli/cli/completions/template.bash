# Completion of hess in bash, 3.2 or newer.
# @MADE@
# It needs no other package, changes no setting, and starts no process.

_hess_signatures=(
    @FUNCTIONS@
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
            [[ $rest =~ $a_call || " @NOT_VARIABLES@ $variables" == *" $name "* ]] ||
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
        _hess_calls @GENERATORS@
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
        @VALUES@
        '>') _hess_files ;;
    esac
}

_hess() {
    local options=(
        @OPTIONS@
    )
    local valued=' @VALUED@ '
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
