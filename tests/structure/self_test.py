#!/usr/bin/env python3
"""Shows that every rule can fail: a small example tree keeps all rules, and each of the changes breaks one."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

from structure_test import all_rules, broken_rules  # noqa: E402

GOOD = {
    "CMakeLists.txt": "project(porter VERSION 0.1.0 LANGUAGES CXX)\n",
    "CHANGELOG.md": "# Changes\n\n## 0.1.0\n",
    "ARCHITECTURE.md": "# Architecture\n\n"
    "## The way of one connection\n\n```\nframe::read()   a frame_error\n```\n`wire/frame` reads.\n\n"
    "## Modules\n\n| module | purpose | may include | packages |\n|---|---|---|---|\n"
    "| `base` | tools | | Asio |\n| `wire` | frames | `base` | Asio |\n"
    "| `protocol` | messages | `base` | |\n| `config` | options | | |\n"
    "| `programs/porterd` | main | `wire` `protocol` `base` | |\n\n"
    "See [the protocol](docs/PROTOCOL.md#codes), [the log](docs/log.md), [operating](docs/operating.md).\n",
    "README.md": "# Porter\n\n```sh\n./tools/run\nbuild/release/bin/porterd\n```\n\n"
    "```cpp\n    return run_session();\n```\n",
    "tests/examples/client_session.cpp": "int main()\n{\n    return run_session();\n}\n",
    "README.ru.md": "# Портье\n\n```sh\n./tools/run\nbuild/release/bin/porterd\n```\n",
    "docs/PROTOCOL.md": "## Codes\n\n| code | name |\n|---|---|\n| 0 | normal |\n\n"
    "| kind | name |\n|---|---|\n| 0x03 | register |\n",
    "include/porter/error.hpp": "#pragma once\nenum class code : int {\n    normal = 0,  ///< in order\n};\n",
    "migrations/0001_start.sql": "CREATE TABLE t(a);\n",
    "src/base/asio.hpp": "#pragma once\n#include <asio/experimental/as_tuple.hpp>\n",
    "src/wire/frame.hpp": '#pragma once\n#include "base/asio.hpp"\n#include "porter/error.hpp"\n'
    "class frame {\n    frame_error read();\n};\n",
    "src/protocol/messages.hpp": "#pragma once\nenum class kind : int {\n    register_account = 0x03,\n};\n",
    "src/programs/porterd/main.cpp": '#include "wire/frame.hpp"\nvoid f()\n{\n    on(SIGTERM);\n}\n',
    "src/config/option_table.cpp": 'constexpr option table[] = {\n    row("port", 0, set_port, "the port"),\n'
    '    row("log-level", 0, set_level,\n        "the level", reloadable<&set_level>()),\n};\n',
    "src/config/exit_code.hpp": "#pragma once\nenum class exit_code : int {\n    ok = 0,\n    io = 74,\n};\n",
    "src/base/metrics.cpp": 'void f()\n{\n    out.write("porter_defects_total", kind::counter, "Bugs.", 1);\n}\n',
    "docs/man/porterd.8": ".Sh EXIT STATUS\n.It 0\nsuccess\n.It 74\ncannot read\n.Sh EXAMPLES\n",
    "docs/deploy.md": "[Operating](operating.md)\n\n| file | mode | otherwise |\n|---|---|---|\n"
    "| `porter.db` | 0600 | |\n",
    "docs/operating.md": "[Deploying](deploy.md)\n\n| file | mode | may be deleted |\n|---|---|---|\n"
    "| `porter.db` | 0600 | never |\n\n| signal | what |\n|---|---|\n| `SIGTERM` | the stop |\n\n"
    "| code | meaning | what to do |\n|---|---|---|\n| 0 | success | |\n| 74 | cannot read | |\n\n"
    "| option | takes effect | |\n|---|---|---|\n| `port` | restart | |\n| `log-level` | reload | |\n\n"
    "| metric | type |\n|---|---|\n| `porter_defects_total` | counter |\n",
    "tests/wire/frame_test.cpp": '// Promise N1.\nTEST_CASE("a frame is decoded as it was encoded")\n{\n'
    "    // detached; sleep_for\n}\n",
    "tests/structure/rule.py": "os.link(1)\nfor rest in error.what(), 'why':  # as nobody:nogroup\n    print(rest)\n",
    "src/base/good.cpp": "task<void> f()\n{\n    while (a && b) co_await c();\n    if (x) co_await d(e);\n"
    "    co_await (f(a) || f(b));\n}\n"
    'void seen()\n{\n    log_.info("seen");\n    log_as("ended", conn, log);\n}\n',
    "docs/log.md": "[The changes](../CHANGELOG.md)\n\n| event | level | keys |\n|---|---|---|\n| `seen` | info | |\n"
    "\n| event | level | keys |\n|---|---|---|\n| `ended` | info, debug | |\n",
    "SECURITY.md": "| N1 | Frames are frames | [frame_test.cpp](tests/wire/frame_test.cpp) |\n",
    "tools/run": "#!/usr/bin/env bash\n",
}
LONG_FUNCTION = "void f()\n{\n" + "    g();\n" * 71 + "}\n"

# rule -> changes that break it: path -> its new text, or what is appended if it begins with "+"
BREAKS = {
    "modules_are_those_of_the_table": [{"src/attic/box.cpp": ""}, {"src/wire/frame.hpp": None}],
    "modules_include_only_allowed_modules": [
        {"src/wire/frame.hpp": '#pragma once\n#include "protocol/messages.hpp"\n'},
        {"src/protocol/messages.hpp": "+#include <asio/post.hpp>\n"},
        {"src/wire/frame.hpp": '#pragma once\n#include "../base/asio.hpp"\n'},
        {"src/wire/frame.hpp": '#pragma once\n#include "porter/nothing.hpp"\n'},
    ],
    "modules_have_no_cycles": [{"ARCHITECTURE.md": ("| tools | |", "| tools | `wire` |")}],
    "public_headers_include_nothing_private": [
        {"include/porter/error.hpp": '+#include "base/asio.hpp"\n'},
        {"include/porter/error.hpp": "+#include <fmt/format.h>\n"},
    ],
    "public_headers_configure_asio_first": [{"include/porter/error.hpp": "+#include <asio/post.hpp>\n"}],
    "examples_begin_with_asio_or_porter": [
        {"tests/examples/forwarder.cpp": "#include <array>\n#include <asio/write.hpp>\n"},
    ],
    "the_client_program_uses_the_public_library": [
        {"src/programs/porter/main.cpp": '#include "wire/frame.hpp"\n'},
        {"src/programs/porter/main.cpp": '#include "base/asio.hpp"\n'},
    ],
    "porterctl_knows_its_store_in_three_places": [
        {"src/programs/porterctl/sessions.cpp": '#include "store/sqlite/administration/sessions.hpp"\n'},
    ],
    "asio_versions_are_named_in_one_place": [
        {"src/wire/frame.hpp": "+#include <asio/experimental/channel.hpp>\n"},
        {"tests/wire/frame_test.cpp": "+#if ASIO_VERSION > 1\n#endif\n"},
    ],
    "migrations_have_no_gaps": [
        {"migrations/0003_more.sql": ""}, {"migrations/0002_more.sql.orig": ""}, {"migrations/other/0002_more.sql": ""},
    ],
    "files_are_short": [{"src/wire/long.cpp": "int a;\n" * 501}],
    "functions_are_short": [{"src/wire/long.cpp": LONG_FUNCTION}],
    "lines_have_at_most_120_columns": [
        {"README.md": "+" + "word " * 25 + "\n"},
        {"README.md": "+" + "word " * 25 + "https://example.org\n"},
    ],
    "the_language_is_kept": [
        {"tests/structure/rule.py": text}
        for text in (
            "# The doorman opens.\n",
            "# All clients are visitors.\n",
            "# Nobody waits.\n",
            "# The socket is closed meanwhile.\n",
            "# Who connects gets a slot.\n",
            "house_rules = 1\n",
            "whyRefused = 1\n",
            "see_off(1)\n",
            "what = 1\n",
            "def test_a_guest_is_refused(): pass\n",
            'log("guests: 1")\n',
        )
    ],
    "the_way_of_a_connection_is_in_the_code": [
        {"ARCHITECTURE.md": ("frame::read()", "frame::write()")},
        {"ARCHITECTURE.md": ("frame::read()", "codec::read()")},
        {"ARCHITECTURE.md": ("a frame_error", "a frame_fault")},
        {"ARCHITECTURE.md": ("`wire/frame`", "`wire/codec`")},
        {"ARCHITECTURE.md": ("## The way of one connection", "## A connection")},
    ],
    "only_known_entries_at_the_top": [{"notes.txt": ""}],
    "nothing_is_detached": [{"src/wire/frame.hpp": "+co_spawn(io, f(), asio::detached);\n"}],
    "tests_do_not_sleep": [{"tests/wire/frame_test.cpp": "+void f() { std::this_thread::sleep_for(1s); }\n"}],
    "test_names_can_be_discovered": [{"tests/wire/frame_test.cpp": '+TEST_CASE("one; two") {}\n'}],
    "headers_are_guarded": [{"src/wire/frame.hpp": ("#pragma once\n", "")}],
    "co_await_stands_alone": [
        {"src/wire/bad.cpp": f"task<void> f()\n{{\n    {form}\n}}\n"}
        for form in (
            "if (!have && !co_await more()) return;",
            "auto x = yes ? co_await a() : b;",
            "co_await (a() || b()) || c();",
            "co_await run(pool, [text = std::move(text)] { return text; });",
            "co_await send(point{.x = s});",
            "co_await send({s, 1});",
            "auto a = co_await open(owner(), session_of({}, 1));",
            'co_await send(json{{"tick", n}}.dump());',
            "co_await each(names{{text}});",
            "co_await each(std::vector<std::string>{text});",
            "std::vector<std::string> both{co_await a(), co_await b()};",
            "co_spawn(co_await this_coro::executor, f(), handler);",
            "auto run = [socket]() -> task<void> { co_return; };",
        )
    ],
    "no_notes_are_left": [{"src/wire/frame.hpp": "+// TO" + "DO\n"}],
    "scripts_are_executable": [{"tools/test": "#!/bin/sh\n"}],
    "links_have_targets": [
        {"CHANGELOG.md": "+[gone](docs/GONE.md)\n"},
        {"CHANGELOG.md": "+[gone](docs/PROTOCOL.md#x)\n"},
    ],
    "classes_say_what_holds_for_their_operations": [
        {"include/porter/error.hpp": "+/// Threads: any.\nclass connection {\npublic:\n    task<int> get();\n};\n"},
    ],
    "every_page_is_linked": [{"docs/decisions/unlinked.md": "# Unlinked\n"}],
    "the_commands_of_the_readme_exist": [{"README.md": ("./tools/run", "./tools/walk")}, {"README.md": None}],
    "the_code_of_the_pages_is_compiled": [
        {"README.md": "+```cpp\n    return run_session(1);\n```\n"},
        {"docs/embedding.md": "```cpp\n    return run_session(1);\n```\n"},
    ],
    "the_readme_is_short": [{"README.md": "+" + "words\n" * 181}],
    "both_readmes_run_the_same_commands": [{"README.ru.md": ("./tools/run", "./tools/run server")}],
    "the_protocol_page_has_every_number": [
        {"docs/PROTOCOL.md": ("| 0 |", "| 1 |")},
        {"include/porter/error.hpp": ("};", "    idle = 7,\n};")},
    ],
    "the_log_page_has_every_event": [
        {"docs/log.md": ("| `seen` | info |", "| `unseen` | info |")},
        {"docs/log.md": ("| `seen` | info |", "| `seen` | warn |")},
        {"docs/log.md": ("| `ended` |", "| `begun` |")},
        {"src/base/good.cpp": '+void g() { ctx.log.warn("more", {}); }\n'},
        {"src/base/good.cpp": '+void g() { log_denied(log_, "login_denied", from); }\n'},
        {"docs/log.md": "+| `again` | info | | |\n"},
        {"docs/log.md": None},
    ],
    "the_operating_page_has_every_option": [
        {"docs/operating.md": ("| `port` |", "| `prot` |")},
        {"docs/operating.md": ("| `log-level` | reload |", "| `log-level` | restart |")},
        {"docs/operating.md": "+\n| option | takes effect | |\n|---|---|---|\n| `bind` | restart | |\n"},
        {"src/config/option_table.cpp": ("};", '    row("bind", 0, set_bind, "an address"),\n};')},
    ],
    "the_operating_page_has_every_file": [
        {"docs/operating.md": ("| `porter.db` | 0600 | never |", "| `porter.log` | 0600 | yes |")},
        {"docs/deploy.md": "+| `porter.key` | 0600 | |\n"},
    ],
    "the_operating_page_has_every_signal": [
        {"docs/operating.md": ("`SIGTERM`", "`SIGINT`")},
        {"src/programs/porterd/main.cpp": ("on(SIGTERM);", "on(SIGTERM);\n    on(SIGHUP);")},
    ],
    "the_operating_page_has_every_exit_code": [
        {"docs/operating.md": ("| 74 |", "| 75 |")},
        {"docs/man/porterd.8": (".It 74", ".It 74\n.It 75")},
        {"src/config/exit_code.hpp": ("    io = 74,\n", "")},
    ],
    "the_operating_page_has_every_metric": [
        {"docs/operating.md": ("| counter |", "| gauge |")},
        {"src/base/metrics.cpp": ('kind::counter, "Bugs.", 1);',
                                  'kind::counter, "Bugs.", 1);\n    out.begin("porter_threads", kind::gauge, "N.");')},
    ],
    "every_promise_names_its_tests_and_they_name_it": [
        {"SECURITY.md": "+| N2 | Nothing proves this | |\n"},
        {"SECURITY.md": ("| N1 |", "| N11 |")},
    ],
    "the_changelog_knows_the_version": [{"CMakeLists.txt": ("0.1.0", "0.2.0")}],
}


def build(folder, changes=()):
    texts = dict(GOOD)
    for path, change in dict(changes).items():
        if isinstance(change, tuple):
            assert change[0] in texts[path], f"{path} has nothing to change"
            texts[path] = texts[path].replace(*change)
        elif change is not None and change.startswith("+"):
            texts[path] += change[1:]
        else:
            texts[path] = change
    for path, text in texts.items():
        if text is not None:
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_text(text, encoding="utf-8")
    (Path(folder) / "tools/run").chmod(0o755)


class TheRules(unittest.TestCase):
    maxDiff = None

    def test_the_example_keeps_all_rules(self):
        with tempfile.TemporaryDirectory() as folder:
            build(folder)
            self.assertEqual(broken_rules(folder), {})

    def test_each_rule_is_broken_by_its_changes(self):
        for rule, breaks in BREAKS.items():
            for changes in breaks:
                with self.subTest(rule=rule, changes=changes), tempfile.TemporaryDirectory() as folder:
                    build(folder, changes)
                    self.assertIn(rule, broken_rules(folder))

    def test_every_rule_has_changes_that_break_it(self):
        self.assertEqual(sorted(BREAKS), sorted(name for name, _ in all_rules()))


if __name__ == "__main__":
    unittest.main()
