# Completion of isocatalog for bash 4.4 and newer.
_isocatalog() {
    # Readline cuts words at = and : too; they are put together again.
    local rest=${COMP_LINE:0:COMP_POINT} word line i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i -gt 0 && $rest != [[:space:]]* ]]; then
            [[ $i -eq $COMP_CWORD ]] && word=$rest
            words[-1]+=$word
        else
            rest=${rest#"${rest%%[![:space:]]*}"}
            [[ $i -eq $COMP_CWORD ]] && word=$rest
            words+=("$word")
        fi
        rest=${rest#"$word"}
    done

    # What readline has cut off already stands on the line.
    local current=${words[-1]} cut=
    [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && cut=${current%"${current##*:}"}
    [[ $COMP_WORDBREAKS == *=* && ${current#"$cut"} == *=* ]] && cut=${current%"${current##*=}"}
    COMPREPLY=()
    local files=
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=yes
        else
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$cut"}")
        fi
    done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
    [[ $files ]] || compopt +o default +o bashdefault 2>/dev/null
}
complete -o default -o bashdefault -F _isocatalog isocatalog
