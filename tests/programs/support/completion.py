"""Completions of the programs by bash and zsh, as a person would get them after TAB."""
import pathlib
import subprocess

from .server import clean_environment
from .terminal import Terminal
from .waiting import until

COMPLETIONS = pathlib.Path(__file__).resolve().parents[3] / "tools/packaging/completions"

# Arguments: the file with the completion, and the words of the command line. readline's words are split at "=".
_BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"$(complete -p "$1" | sed -E 's/.* -F ([^ ]+) .*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""

# TAB writes each match to a file instead of showing it, then another file that says that it is complete.
_ZSH = """
PS1='' PS2='' RPS1=''
fpath=({completions} $fpath)
autoload -Uz compinit
compinit -u -D
unsetopt auto_list auto_menu beep prompt_sp
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a matches
    builtin compadd -A matches "$@"
    (( ! $#matches )) || print -rl -- $matches >>{matches}
    builtin compadd "$@"
}}
complete_to_file() {{
    zle complete-word
    BUFFER=''
    print >{complete}
}}
zle -N complete_to_file
bindkey '^I' complete_to_file
cd {folder}
print >{complete}
"""


def bash(*words, folder, file=None):
    """The matches for the last word, in their order."""
    done = subprocess.run(["bash", "--norc", "-c", _BASH, "bash", file or COMPLETIONS / "bash" / words[0], *words],
                          capture_output=True, text=True, check=True, cwd=folder, env=clean_environment(folder))
    assert not done.stderr, done.stderr
    return [match for match in done.stdout.split("\n") if match]


class Zsh:
    """An interactive zsh whose TAB tells its matches."""

    def __init__(self, folder):
        """folder: its home and its working directory; the files of this class are beside it"""
        self.matches, self.complete = (folder.parent / f"{folder.name}.{name}" for name in ("matches", "complete"))
        start = folder.parent / f"{folder.name}.zsh"
        start.write_text(_ZSH.format(completions=COMPLETIONS / "zsh", matches=self.matches, complete=self.complete,
                                     folder=folder))
        self.terminal = Terminal("zsh", "-f", "-i", home=folder)
        self.terminal.send_line(f"source {start}")
        self._wait()

    def _wait(self):
        until(self.complete.exists, "zsh has completed a word")
        self.complete.unlink()

    def complete_words(self, *words):
        """The matches for the last word, without repetitions."""
        self.matches.write_text("")
        self.terminal.send(" ".join(words) + "\t")
        self._wait()
        return list(dict.fromkeys(self.matches.read_text().split("\n")[:-1]))

    def close(self):
        self.terminal.close()
