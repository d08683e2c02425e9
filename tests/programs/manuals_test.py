"""--help, the man pages, the completions and the sample configuration say the same about each option and command."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import manuals
from support.key_pair import KeyPair
from support.server import PORTER, PORTERCTL, PORTERD, PORTER_BENCH, Server, run
from support.terminal import Terminal

PROGRAMS = {"porter": PORTER, "porter-bench": PORTER_BENCH, "porterctl": PORTERCTL, "porterd": PORTERD}
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]


def texts_of(program):
    """The sources that name the options of a program -> their text. The help of porterctl is that of all its commands,
    since that of a command alone has its options."""
    text = run(PROGRAMS[program], "--help").out
    if program == "porterctl":
        text += "".join(run(PORTERCTL, *command.split(), "--help").out for command in manuals.commands_of_help(text))
    sources = {"--help": text, "the man page": manuals.man_page(program),
              "the completion of bash": manuals.completion(program, "bash"),
              "the completion of zsh": manuals.completion(program, "zsh")}
    return sources | ({"the sample": manuals.SAMPLE.read_text()} if program == "porterd" else {})


READERS = {"--help": manuals.options_of_help, "the man page": manuals.options_of_man_page,
           "the completion of bash": manuals.options_of_completion,
           "the completion of zsh": manuals.options_of_completion,
           "the sample": lambda text: {*manuals.keys_of_sample(text), *manuals.NOT_IN_A_FILE}}


def differences(texts):
    return manuals.differences({source: set(READERS[source](text)) for source, text in texts.items()})


def command_differences(texts):
    commands = manuals.commands_of_help(texts["--help"])
    nouns = {command.split()[0] for command in commands}
    said = {"--help": commands, "the man page": manuals.commands_of_man_page(texts["the man page"])}
    for source in ("the completion of bash", "the completion of zsh"):
        said[source] = manuals.commands_of_completion(texts[source], nouns)
    return manuals.differences(said)


def without(source, text, option):
    """The text without an option, as if it was forgotten there."""
    if source == "the man page":
        return re.sub(rf"^\.It Fl (\w , )?-{option}\b(?!-).*\n", "", text, flags=re.MULTILINE)
    if source == "the sample":
        return re.sub(rf"^#{option} = .*\n", "", text, flags=re.MULTILINE)
    return re.sub(rf"(?<![\w-])--{option}(?![\w-])", "", text)


class Options(unittest.TestCase):
    def test_every_option_is_in_every_source(self):
        for program in PROGRAMS:
            self.assertEqual(differences(texts_of(program)), [], program)

    def test_an_option_that_one_source_lacks_is_found(self):
        for program in PROGRAMS:
            texts = texts_of(program)
            for option in manuals.options_of_help(texts["--help"]):
                for source, text in texts.items():
                    if source == "the sample" and option in manuals.NOT_IN_A_FILE:
                        continue
                    self.assertEqual(differences({**texts, source: without(source, text, option)}),
                                     [f"{source} lacks {option}"], program)

    def test_help_and_man_page_have_the_same_letters_and_arguments(self):
        for program in PROGRAMS:
            texts = texts_of(program)
            self.assertEqual(manuals.options_of_help(texts["--help"]),
                             manuals.options_of_man_page(texts["the man page"]), program)

    def test_help_and_man_page_have_the_same_defaults(self):
        texts = texts_of("porterd")
        written = manuals.defaults_of_man_page(texts["the man page"])
        shown = manuals.defaults_of_help(texts["--help"])
        self.assertGreater(len(shown), 20)
        self.assertEqual({name: written.get(name) for name in shown}, shown)

    def test_the_man_page_has_every_exit_code_of_the_help(self):
        for program in ("porter", "porter-bench", "porterctl"):
            texts = texts_of(program)
            shown = manuals.exit_codes_of_help(texts["--help"])
            self.assertGreater(len(shown), 5, program)
            self.assertEqual(shown - manuals.exit_codes_of_man_page(texts["the man page"]), set(), program)


class Commands(unittest.TestCase):
    def test_every_command_of_porterctl_is_in_every_source(self):
        texts = texts_of("porterctl")
        self.assertGreater(len(manuals.commands_of_help(texts["--help"])), 20)
        self.assertEqual(command_differences(texts), [])

    def test_a_command_that_one_source_lacks_is_found(self):
        texts = texts_of("porterctl")
        for command in manuals.commands_of_help(texts["--help"]):
            last = command.split()[-1]
            changes = {
                "--help": re.sub(rf"^  {command} .*\n", "", texts["--help"], flags=re.MULTILINE),
                "the man page": re.sub(rf"^\.It Cm {command}\b(?!-).*\n", "", texts["the man page"],
                                       flags=re.MULTILINE),
                "the completion of bash": self.without_verb(texts["the completion of bash"], command, last),
                "the completion of zsh": self.without_verb(texts["the completion of zsh"], command, last),
            }
            for source, text in changes.items():
                self.assertIn(f"{source} lacks {command}", command_differences({**texts, source: text}))

    @staticmethod
    def without_verb(text, command, last):
        noun = command.split()[0]
        if noun == last:
            return re.sub(rf"\b{noun}\b", "", text)
        return re.sub(rf"^(\s*{noun}(?:\)\s+words=| )'[^']*)(?<![\w-]){last}(?![\w-])", r"\1", text, flags=re.MULTILINE)

    def test_help_and_man_page_have_the_same_arguments(self):
        texts = texts_of("porterctl")
        self.assertEqual(manuals.commands_of_help(texts["--help"]), manuals.commands_of_man_page(texts["the man page"]))

    def test_the_man_page_of_porter_has_every_command_of_a_session(self):
        server = Server()
        self.addCleanup(server.remove)
        password = server.folder / "password"
        password.write_text("four quiet lanterns\n")
        client = Terminal(PORTER, "127.0.0.1", server.port, "--trust-first-use", "--register", "--name", "Alice",
                          "--password-file", password, home=server.folder)
        self.addCleanup(client.close)
        client.expect("^> ")
        client.send_line("/help")
        client.expect(r"^ +//text +send /text$")
        shown = re.findall(r"^ +(//?[a-z0-9]+(?: [A-Za-z]+)?)  +\S", client.text(), re.MULTILINE)
        written = [re.sub(r" (?:Ns )?(?:Ar )?", " ", name).replace("// ", "//").replace(" id", " ID")
                   for name in re.findall(r"^\.It Cm (//?.*)$", manuals.man_page("porter"), re.MULTILINE)]
        self.assertGreater(len(shown), 5)
        self.assertEqual(written, shown)
        client.send_line("/quit")
        client.wait()
        server.stop()


class Pages(unittest.TestCase):
    def test_mandoc_finds_no_mistake(self):
        for page in manuals.MAN_PAGES.values():
            done = run("mandoc", "-T", "lint", "-W", "warning", manuals.ROOT / "docs/man" / page)
            self.assertEqual((done.returncode, done.out), (0, ""))

    def test_every_page_has_its_sections_in_their_order(self):
        for program in PROGRAMS:
            sections = re.findall(r"^\.Sh (.*)$", manuals.man_page(program), re.MULTILINE)
            self.assertEqual([section for section in sections if section in SECTIONS], SECTIONS, program)

    def test_a_page_refers_to_the_sections_of_the_other_pages(self):
        for program in PROGRAMS:
            for name, section in re.findall(r"^\.Xr (porter\S*) (\d)", manuals.man_page(program), re.MULTILINE):
                self.assertEqual(manuals.MAN_PAGES.get(name), f"{name}.{section}", program)


class Sample(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.text = manuals.SAMPLE.read_text()

    def porterd(self, text, *options):
        file = self.folder / "porterd.toml"
        file.write_text(text)
        return run(PORTERD, "--config", file, *options, home=self.folder)

    def settings(self, *options):
        done = run(PORTERD, "--print-config", *options, home=self.folder)
        self.assertEqual(done.returncode, 0, done.err)
        return dict(re.findall(r"^(?:# )?([a-z-]+) = (.*?) +# ", done.out, re.MULTILINE))

    def test_it_has_exactly_the_options_that_a_file_may_have(self):
        self.assertEqual(set(manuals.keys_of_sample(self.text)), set(self.settings()))
        for name in manuals.NOT_IN_A_FILE:
            self.assertEqual(self.porterd(f'{name} = "x"\n', "--check").returncode, 78, name)

    def test_it_is_accepted_as_it_is_and_sets_nothing(self):
        done = self.porterd(self.text, "--check")
        self.assertEqual((done.returncode, done.out), (0, "configuration ok\n"), done.err)
        self.assertEqual(self.settings("--config", manuals.SAMPLE), self.settings())

    def test_it_is_accepted_with_every_line_uncommented(self):
        pair = KeyPair(self.folder, "server")
        pair.key.chmod(0o600)
        (self.folder / "data").mkdir(mode=0o700)
        (self.folder / "data/breached-passwords").write_text("0" * 40 + "\n")
        text = manuals.uncommented(self.text)
        for example, path in {"/run/porterd.port": self.folder / "port", "/var/lib/porter": self.folder / "data",
                              "/etc/ssl/certs/porter.pem": pair.certificate,
                              "/etc/ssl/private/porter.key": pair.key}.items():
            self.assertIn(f'"{example}', text)
            text = text.replace(f'"{example}', f'"{path}')
        done = self.porterd(text, "--check")
        self.assertEqual((done.returncode, done.out), (0, "configuration ok\n"), done.err)

    def test_it_shows_the_defaults(self):
        defaults = self.settings() | {"check": "false", "print-config": "false"}
        for lines, key, value in re.findall(r"((?:^# .*\n)+)#([a-z-]+) = (.*)$", self.text, re.MULTILINE):
            with self.subTest(key):
                if "The default is" in lines.replace("\n# ", " "):  # of the machine, or of the user
                    continue
                self.assertEqual("none" if "No default." in lines else value, defaults[key])


if __name__ == "__main__":
    unittest.main()
