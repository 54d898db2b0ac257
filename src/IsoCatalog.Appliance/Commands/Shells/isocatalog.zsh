#compdef isocatalog
# Completion of isocatalog for zsh: a file _isocatalog in a folder of $fpath, or read by source after compinit.
_isocatalog() {
    local line files
    local -a candidates
    for line in "${(@f)$("${words[1]}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :files) files=yes ;;
            *$'\t'*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            *) candidates+=("${line//:/\\:}") ;;
        esac
    done
    if [[ -n $files ]]; then
        compset -P '--*='
        _files
    elif (( $#candidates )); then
        _describe -t words isocatalog candidates
    fi
}

if [[ $funcstack[1] == _isocatalog ]]; then
    _isocatalog "$@"
else
    compdef _isocatalog isocatalog
fi
