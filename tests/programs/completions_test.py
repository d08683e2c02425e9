"""The completions of the programs in bash and zsh: options, commands, values and files."""
import pathlib
import re
import shutil
import tempfile
import unittest

from support import completion, manuals
from support.server import PORTER, PORTERCTL, PORTERD, PORTER_BENCH, run
from support.terminal import Terminal

PROGRAMS = {"porter": PORTER, "porter-bench": PORTER_BENCH, "porterctl": PORTERCTL, "porterd": PORTERD}
FILES = {"a file.toml", "sub folder", "porter"}
FOLDERS = {"sub folder", "porter"}
# The options whose value is one of a few words: those that the program names in its error
CHOICES = {("porterd", option) for option in ("access", "log-format", "log-level", "registration", "service", "tls")}
SWITCHES = {("porterd", "greet-by-address")}


def files_offered(argument):
    return {"file": FILES, "database": FILES, "dir": FOLDERS}.get(argument, set())


def help_of(program, *command):
    return run(PROGRAMS[program], *command, "--help").out


def choices_of(program, option):
    """The values that the program accepts, according to its own error."""
    error = run(PROGRAMS[program], f"--{option}", "nothing").err
    forms = re.search(r"is not one of: (.*)", error)[1].split(", ")
    return [re.sub(":.*", ":", form) for form in forms]  # exec:COMMAND is completed up to the colon


class Shell:
    """The tests of both shells; `complete` returns the matches for the last of the words."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        for folder in ("sub folder", "porter"):
            (self.home / folder).mkdir(parents=True)
        (self.home / "a file.toml").touch()
        # $XDG_STATE_HOME is the home of the tests, too.
        (self.home / "porter/known_servers").write_text(
            "# My servers\nexample.org:7679 SHA256:x 2026-11-20\n[2001:db8::7]:8000 SHA256:y\n"
            "example.org:7680 SHA256:z\n$(touch$IFS'trap'):7 SHA256:w\n")

    def offered_options(self, *words):
        return {match.removeprefix("--") for match in self.complete(*words, "--")}

    def test_the_options_of_each_program_are_those_of_its_help(self):
        for program in ("porter", "porter-bench", "porterd"):
            self.assertEqual(self.offered_options(program), set(manuals.options_of_help(help_of(program))), program)

    def test_the_options_of_each_command_are_those_of_its_help(self):
        for command, arguments in manuals.commands_of_help(help_of("porterctl")).items():
            words = command.split()
            shown = set(manuals.options_of_help(help_of("porterctl", *words)))
            self.assertEqual(self.offered_options("porterctl", *words), shown, command)
            if arguments:
                self.assertEqual(self.offered_options("porterctl", *words, "Alice"), shown, command)

    def test_the_commands_are_those_of_the_help(self):
        verbs = {}
        for command in manuals.commands_of_help(help_of("porterctl")):
            noun, _, verb = command.partition(" ")
            verbs.setdefault(noun, []).append(verb)
        self.assertEqual(set(self.complete("porterctl", "")), set(verbs))
        for noun in verbs.keys() - {"ping", "top", "why"}:
            for before in ([], ["--json"], ["--data-dir", "x"], ["--data-dir=x"]):
                self.assertEqual(set(self.complete("porterctl", *before, noun, "")), set(verbs[noun]), (noun, before))

    def test_a_word_is_completed(self):
        self.assertEqual(self.complete("porterd", "--acc"), ["--access"])
        self.assertEqual(self.complete("porterctl", "acc"), ["accounts"])
        self.assertEqual(self.complete("porterctl", "accounts", "ren"), ["rename"])
        self.assertEqual(self.complete("porter-bench", "re"), ["resume", "register"])

    def test_values_are_those_that_the_program_accepts(self):
        for program, option in sorted(CHOICES):
            for words in (["--" + option, ""], [f"--{option}="]):
                self.assertEqual(sorted(self.complete(program, *words)), sorted(choices_of(program, option)), words)
        for program, option in SWITCHES:
            self.assertEqual(self.complete(program, "--" + option, ""), ["on", "off"])
        self.assertEqual(sorted(self.complete("porterctl", "why", "Alice", "--access", "")),
                         sorted(choices_of("porterd", "access")))
        modes = re.search(r"is not (.*)", run(PORTER_BENCH, "nothing").err)[1]
        self.assertEqual(self.complete("porter-bench", ""), re.split(", | or ", modes))

    def test_files_and_folders_are_offered_where_they_are_expected(self):
        for program in ("porter", "porter-bench", "porterd"):
            for option, (_, argument) in manuals.options_of_help(help_of(program)).items():
                if argument and (program, option) not in CHOICES | SWITCHES:
                    for words in (["--" + option, ""], [f"--{option}="]):
                        offered = {match.replace("\\", "") for match in self.complete(program, *words)}
                        self.assertEqual(offered & FILES, files_offered(argument), (program, words))
        for command, arguments in manuals.commands_of_help(help_of("porterctl")).items():
            for option, (_, argument) in manuals.options_of_help(help_of("porterctl", *command.split())).items():
                if argument and option != "access":
                    offered = self.complete("porterctl", *command.split(), f"--{option}", "")
                    self.assertEqual({match.replace("\\", "") for match in offered}, files_offered(argument), option)
            if arguments == "file":
                offered = self.complete("porterctl", *command.split(), "")
                self.assertEqual({match.replace("\\", "") for match in offered}, FILES, command)

    def test_the_client_completes_the_servers_that_it_knows(self):
        offered = self.complete("porter", "")
        self.assertLessEqual({"localhost", "example.org", "2001:db8::7"}, set(offered))
        self.assertEqual(self.complete("porter", "example.org", ""), ["7679", "7680"])
        self.assertEqual(self.complete("porter", "--name", "Alice", "example.org", ""), ["7679", "7680"])
        self.assertEqual(self.complete("porter", "unknown.example.org", ""), ["7678"])
        self.assertEqual(sorted(path.name for path in self.home.iterdir()), sorted(FILES))


class Bash(Shell, unittest.TestCase):
    def complete(self, *words):
        split = [part for word in words for part in re.split("(=)", word) if part or not word]
        return completion.bash(*split, folder=self.home)

    def test_a_tab_completes_and_escapes_a_name(self):
        terminal = Terminal("bash", "--norc", "--noprofile", "-i", home=self.home, env={"PS1": "ready "})
        self.addCleanup(terminal.close)
        terminal.expect("ready $")
        terminal.send_line(f"cd {self.home}; source {completion.COMPLETIONS}/bash/porterd; alias porterd=echo")
        terminal.expect("ready $", times=1)
        terminal.send("porterd --log-l\ttr\t--config a\t--no-inp\t\r")
        terminal.expect(r"^--log-level trace --config a file\.toml --no-input *$")


class Zsh(Shell, unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.zsh = completion.Zsh(self.home)
        self.addCleanup(self.zsh.close)

    def complete(self, *words):
        return self.zsh.complete_words(*words)


if __name__ == "__main__":
    unittest.main()
