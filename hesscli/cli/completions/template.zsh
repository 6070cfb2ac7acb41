#compdef hess
# Completion of hess in zsh.
# @MADE@
# It works as a file in `fpath`, and sourced behind compinit.

# Calls, from an array of `name:meaning`. Outside quotation marks a bracket would be the shell's.
_hess_calls() {
    local bracket=
    [[ -n $compstate[quote] ]] && bracket='('
    _describe -t functions function $1 -S "$bracket"
}

# The functions for the last name in the formula, or all where a name may start.
_hess_formula() {
    local -a functions=(
        @FUNCTIONS@
    )
    # A number may stand before a name.
    local name=${${(M)PREFIX%%[[:alnum:]_]#}##[0-9]#}
    [[ -n $name || -z $PREFIX || $PREFIX == *[-+*/^\(,\<\>=[:space:]] ]] || return 1
    [[ $compstate[quote]$PREFIX == (-|--*) ]] && return 1
    compset -p $(( $#PREFIX - $#name ))
    # The formula may go on behind the cursor.
    [[ $SUFFIX == [[:alnum:]_]* ]] || compset -s $#SUFFIX
    # Behind the tensor of a call.
    [[ -n $compstate[quote] && -n $name && $IPREFIX == *\(*,* ]] && compadd -S '' -- axis=
    _hess_calls functions
}

# The formula, wherever it stands in the line.
_hess_set_formula() {
    local -a options=(@NAMES@)
    local -a valued=(@VALUED@)
    local word pending ended
    local -i i
    for (( i = 2; i <= $#words; i++ )); do
        word=${(Q)words[i]}
        if [[ -n $pending || $i -eq $CURRENT ]]; then
            pending=
        elif [[ -n $ended ]] || [[ $word != --* && $options[(Ie)$word] -eq 0 ]]; then
            formula=$word
            return
        elif [[ $word == -- ]]; then
            ended=1
        elif (( $valued[(Ie)$word] )); then
            pending=1
        fi
    done
}

# The variables of the formula: its names without a bracket behind them.
_hess_set_variables() {
    local formula rest number='([0-9]##(_[0-9]##)#(.[0-9]#|)|.[0-9]##)([eE]([-+]|)[0-9]##|)'
    local -a match mbegin mend no_variables=(@NOT_VARIABLES@)
    _hess_set_formula
    rest=${formula//[ⁿˣʸ]/ }
    while [[ -n $rest ]]; do
        if [[ $rest == (#b)([[:alpha:]_][[:alnum:]_₀-₉]#)(*) ]]; then
            rest=$match[2]
            [[ $rest == [[:space:]]#\(* ]] || variables+=($match[1])
        elif [[ $rest == (#b)$~number(*) || $rest == (#b).[[:alpha:]_]##(*) ]]; then
            rest=$match[-1]
        else
            rest=${rest[2,-1]}
        fi
    done
    variables=(${(u)variables:|no_variables})
}

# The files of arrays, and the directories; _files would offer all others where there is none.
_hess_arrays() {
    _path_files -g '*.(npy|json|csv|tsv)(-.) *(-/)'
}

# The value of --at: names not yet given a value, or the start of a value.
_hess_point() {
    local text=$PREFIX last expl
    local -a match mbegin mend variables named
    # A comma in brackets is part of a value.
    while [[ $text == (#b)(*)(\[[^][\(\)]#\]|\([^][\(\)]#\))(*) ]]; do
        text=${match[1]}0${match[3]}
    done
    [[ $text == *[\[\(]* ]] && return 1
    last=${${text##*,}# }
    if [[ $last == (|*=)@* ]]; then
        compset -P '*@'
        _hess_arrays
    elif [[ $last == *=* ]]; then
        local -a generators=(
            @GENERATORS@
        )
        compset -P '*='
        _hess_calls generators
    elif [[ $text != *,* || ${text%%,*} == *=* ]]; then
        compset -p $(( $#PREFIX - $#last ))
        _hess_set_variables
        named=(${${(M)${(s:,:)${text// /}}:#*=*}%%=*})
        _wanted variables expl variable compadd -S = -- ${variables:|named}
    fi
}

# The value of --wrt: names not yet given.
_hess_names() {
    local expl
    local -a variables named
    named=(${(s:,:)${${(M)PREFIX##*,}// /}})
    _hess_set_variables
    variables=(${variables:|named})
    local -a suffix=()
    (( $#variables > 1 )) && suffix=(-q -S ,)
    compset -P '*,'
    _wanted variables expl variable compadd $suffix -a variables
}

# The value of --expect and --expect-gradient: a file, or numbers, which nobody can complete.
_hess_matrix() {
    compset -P '@' && _hess_arrays
}

_hess() {
    # Nothing follows a closed quotation mark; zsh shows the line as if it were not there.
    [[ -n $QISUFFIX && -z $SUFFIX && $LBUFFER == *"$PREFIX" ]] && return 1
    _arguments -S \
        @OPTIONS@
        '1:formula:_hess_formula'
}

if [[ $zsh_eval_context[-1] == (file|eval) ]]; then
    compdef _hess hess
else
    _hess "$@"
fi
