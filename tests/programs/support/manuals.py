"""What the help, the man page, the completions and the sample configuration of a program say about its options."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
MAN_PAGES = {"porter": "porter.1", "porter-bench": "porter-bench.1", "porterctl": "porterctl.8", "porterd": "porterd.8"}
SAMPLE = ROOT / "tools/packaging/porterd.toml"
# The options of porterd that are no settings, so that a configuration file cannot have them
NOT_IN_A_FILE = {"config", "help", "version"}

_OPTION_OF_HELP = re.compile(r"^ +(?:-(\w), )?--([a-z][a-z-]*)(?: ([A-Z]+|on\|off)(?= |$))?", re.MULTILINE)
_COMMAND_OF_HELP = re.compile(r"^  ([a-z]+)(?: ([a-z][a-z-]*))?((?: \[?[A-Z]+\]?)*)  +\S", re.MULTILINE)
_ITEM_OF_OPTION = re.compile(r"^\.It Fl (?:(\w) , )?-([a-z][a-z-]*)(?: (?:Ar|Cm) (.*))?$", re.MULTILINE)
_ITEM_OF_COMMAND = re.compile(r"^\.It Cm ([a-z][a-z -]*?)(?: (Ar|Op) (.*))?$", re.MULTILINE)
_KEY = re.compile(r"^#?([a-z][a-z-]*) = (.*)$", re.MULTILINE)


def man_page(program):
    return (ROOT / "docs/man" / MAN_PAGES[program]).read_text()


def completion(program, shell):
    name = f"_{program}" if shell == "zsh" else program
    return (ROOT / "tools/packaging/completions" / shell / name).read_text()


def _options(found):
    return {name: (letter or "", re.sub(r"[ |]+", "|", argument or "").lower()) for letter, name, argument in found}


def options_of_help(text):
    """name -> its letter or "", and its argument in small letters or "" """
    return _options(_OPTION_OF_HELP.findall(text))


def options_of_man_page(text):
    """As options_of_help()."""
    return _options(_ITEM_OF_OPTION.findall(text))


def options_of_completion(text):
    """The names; a shell's file has each as a word or as the beginning of one."""
    code = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", code))


def commands_of_help(text):
    """The commands of porterctl --help with their arguments: {"accounts add": "name"}"""
    commands = text.partition("\noptions:")[0]
    return {f"{noun} {verb}".strip(): arguments.strip().lower()
            for noun, verb, arguments in _COMMAND_OF_HELP.findall(commands)}


def commands_of_man_page(text):
    """As commands_of_help()."""
    def arguments(macro, rest):
        words = [f"[{word}]" if macro == "Op" else word for word in rest.replace("Op Ar ", "[").split() if word != "Ar"]
        return " ".join(word + "]" if word.startswith("[") and not word.endswith("]") else word for word in words)

    return {command: arguments(macro, rest) for command, macro, rest in _ITEM_OF_COMMAND.findall(text)}


def commands_of_completion(text, nouns):
    """The commands of porterctl whose noun and verb are in the file, as set"""
    found = set()
    for noun in nouns:
        # bash: accounts) words='list add' ;;    zsh: accounts 'list add'
        listed = re.search(rf"^\s*{noun}(?:\)\s+words=| )'([^']*)'", text, re.MULTILINE)
        found |= {f"{noun} {verb}" for verb in listed[1].split()} if listed else set()
        if not listed and re.search(rf"\b{noun}\b", text):
            found.add(noun)
    return found


def defaults_of_help(text):
    """name -> the default in parentheses at the end of its description"""
    described = re.split(r"^ +(?:-\w, )?--(?=[a-z])", text.partition("\noptions:\n")[2].partition("\n\n")[0],
                         flags=re.MULTILINE)[1:]
    found = {}
    for one in described:
        flat = " ".join(one.split())
        if default := re.search(r"\(default ([^\s()]+)\)$", flat):
            found[flat.split()[0]] = default[1]
    return found


def defaults_of_man_page(text):
    """name -> the word after "Default:", for an option that has one word there"""
    found = {}
    for item in re.split(r"^\.It ", text, flags=re.MULTILINE)[1:]:
        name = re.match(r"Fl (?:\w , )?-([a-z-]+)", item)
        default = re.search(r"^Default:(?: |\n\.Cm )(\S+?)(?: ?\.)?$", item, re.MULTILINE)
        if name and default:
            found[name[1]] = default[1]
    return found


def exit_codes_of_help(text):
    return set(re.findall(r"\b(?:0|6[4-9]|7[0-8])\b", text.partition("exit codes:")[2].partition("\n\n")[0]))


def exit_codes_of_man_page(text):
    return set(re.findall(r"^\.It (\d+)$", text.partition(".Sh EXIT STATUS")[2].partition(".Sh ")[0], re.MULTILINE))


def keys_of_sample(text):
    """key -> its value, commented out or not"""
    return dict(_KEY.findall(text))


def uncommented(text):
    return re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE)


def differences(said):
    """A line for each name that one of the sources lacks and another one has: {"the man page": {"port", ...}, ...}"""
    every = set().union(*said.values())
    return [f"{source} lacks {name}" for source, names in said.items() for name in sorted(every - set(names))]
