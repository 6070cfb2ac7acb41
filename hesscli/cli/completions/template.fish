# Completion of hess in fish.
# @MADE@
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
        @FUNCTIONS@
end

# The variables of the formula: its names without a bracket behind them.
function __hess_variables --no-scope-shadowing
    set -l number '(?<![\p{L}\p{N}_])([0-9][0-9_]*(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?'
    set -l name '(?<![\p{L}\p{N}_])[\p{Ll}\p{Lu}\p{Lo}_][\p{Ll}\p{Lu}\p{Lo}\p{Nd}₀-₉_]*+(?!\s*\()'
    set -l found
    for variable in (string replace -ra $number'|\.[\p{L}_]+' ' ' -- $formula | string match -ra $name)
        contains -- $variable @NOT_VARIABLES@ $found
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
            @GENERATORS@
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
            @OPTIONS@
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
    set -l names @NAMES@
    set -l valued @VALUED@
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
            @VALUES@
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
