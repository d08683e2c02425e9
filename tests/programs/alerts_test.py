"""The alerts and the dashboard of docs/monitoring, against promtool and the metrics of a porterd."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.metrics import Scraper

FILES = pathlib.Path(__file__).resolve().parents[2] / "docs/monitoring"
RULES = FILES / "porter.rules.yml"
RULES_TEST = pathlib.Path(__file__).resolve().parent / "alerts/porter.rules.test.yml"
DASHBOARD = FILES / "grafana.json"
FAMILY = re.compile(r"^# TYPE (porter_\w+) \w+$", re.MULTILINE)
NAME = re.compile(r"\bporter_\w+")
SELECTED = re.compile(r'(porter_\w+)\{[^}]*?\b(phase|kind|code|method|lane)(?:=|!=|=~)"([^"]*)"')
ONLY_SHARED = "porter_store_journal_lag_seconds"  # bans_postgres_test.py reads it


def promtool(*arguments, folder=None):
    done = subprocess.run(["promtool", *map(str, arguments)], cwd=folder, capture_output=True, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def expressions_of(panels):
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", []))
        yield from expressions_of(panel.get("panels", []))


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_tests_of(self, rules):
        """Each alert's test with these rules."""
        (self.folder / RULES.name).write_text(rules)
        shutil.copy(RULES_TEST, self.folder)
        return promtool("test", "rules", RULES_TEST.name, folder=self.folder)

    def test_promtool_accepts_the_rules(self):
        code, text = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, text)

    def test_each_alert_fires_when_it_should_and_not_before(self):
        code, text = self.run_tests_of(RULES.read_text())
        self.assertEqual(code, 0, text)

    def test_the_test_of_the_alerts_would_fail_without_one(self):
        rules = RULES.read_text()
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(alerts), 10)
        tested = RULES_TEST.read_text()
        self.assertEqual([alert for alert in alerts if alert not in tested], [])
        self.assertNotEqual(self.run_tests_of(rules.replace("> 2\n", "> 20\n"))[0], 0)


class Names(ServerCase):
    options = ("--metrics", "127.0.0.1:0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scraper = Scraper.of(cls.server)
        cls.samples = scraper.samples()
        families = set(FAMILY.findall(scraper.text()))
        cls.served = families | {name for name, _ in cls.samples} | {ONLY_SHARED}
        rules = re.sub(r"^ *#.*$", "", RULES.read_text(), flags=re.MULTILINE)
        cls.dashboard = json.loads(DASHBOARD.read_text())
        cls.texts = {"rules": re.findall(r"expr: ((?:.|\n(?= {10}\S))*)", rules),
                     "dashboard": list(expressions_of(cls.dashboard["panels"]))}

    def test_each_metric_of_the_alerts_and_the_dashboard_is_served(self):
        for where, texts in self.texts.items():
            names = {name for text in texts for name in NAME.findall(text)}
            self.assertGreater(len(names), 8, where)
            self.assertEqual(names - self.served, set(), where)

    def test_each_value_of_a_label_that_they_select_is_served(self):
        for where, texts in self.texts.items():
            for name, label, values in (found for text in texts for found in SELECTED.findall(text)):
                served = {dict(labels).get(label) for sample, labels in self.samples if sample == name}
                self.assertEqual(set(values.split("|")) - served, set(), (where, name, label))

    def test_the_dashboard_shows_each_metric(self):
        shown = {name for text in self.texts["dashboard"] for name in NAME.findall(text)}
        shown |= {re.sub("_(bucket|count|sum)$", "", name) for name in shown}
        self.assertEqual({name for name, _ in self.samples if re.sub("_(bucket|count|sum)$", "", name) not in shown},
                         set())

    def test_promtool_can_parse_each_expression_of_the_dashboard(self):
        rules = "groups:\n- name: dashboard\n  rules:\n"
        for number, text in enumerate(self.texts["dashboard"]):
            for variable, value in (("$__rate_interval", "5m"), ("$__range", "1h"), ("$instance", ".*")):
                text = text.replace(variable, value)
            self.assertNotIn("$", text)
            rules += f"  - record: dashboard:{number}\n    expr: {json.dumps(text)}\n"
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(rules)
            file.flush()
            code, text = promtool("check", "rules", file.name)
        self.assertEqual(code, 0, text)

    def test_the_panels_do_not_overlap(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            grid = panel["gridPos"]
            for x in range(grid["x"], grid["x"] + grid["w"]):
                for y in range(grid["y"], grid["y"] + grid["h"]):
                    self.assertNotIn((x, y), taken, panel["title"])
                    taken[x, y] = panel["title"]
        numbers = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(numbers), len(set(numbers)))


if __name__ == "__main__":
    unittest.main()
