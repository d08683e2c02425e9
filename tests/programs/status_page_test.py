"""The status page of --metrics in a Chromium (docs/operating.md)."""
import pathlib
import re
import unittest

from support.administrator import AdministratorCase
from support.browser import Browser
from support.metrics import Scraper
from support.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTILE = "<img src=x onerror=document.title='owned'>"
TAB, SPACE = "\ue004", " "

# The text of each row of a table, as a person sees it.
ROWS = """return [...document.querySelectorAll('#' + arguments[0] + ' tbody tr')]
          .map(row => [...row.cells].map(cell => cell.textContent));"""

# The contrast of WCAG 2 between the text of each element with text and the background that it is seen on.
LEAST_CONTRAST = """
const parts = text => text.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => [r, g, b].map(value => value / 255)
  .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
const background = node => {
  const colour = node ? parts(getComputedStyle(node).backgroundColor) : [255, 255, 255];
  return colour.length === 4 && colour[3] === 0 ? background(node.parentElement) : colour;
};
const contrasts = [...document.querySelectorAll('body *')]
  .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()))
  .filter(node => node.checkVisibility() && !['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(node.tagName))
  .map(node => [luminance(parts(getComputedStyle(node).color)), luminance(background(node))])
  .map(both => (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05));
return Math.min(...contrasts);
"""


class StatusPage(AdministratorCase):
    options = ("--metrics", "127.0.0.1:0")

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.remove)
        super().setUpClass()
        cls.scraper = Scraper.of(cls.server)
        cls.url = f"http://127.0.0.1:{cls.scraper.port}"

    def setUp(self):
        self.browser.open(self.url + "/")
        self.expect_state("The server is healthy.")

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.browser.console(), [])
        foreign = [url for url in self.browser.requested() if not url.startswith((self.url + "/", "data:", "chrome:"))]
        self.assertEqual(foreign, [])

    def rows(self, table):
        return self.browser.run(ROWS, table)

    def state(self):
        return self.browser.run("return document.getElementById('state-text').textContent")

    def expect_state(self, beginning):
        until(lambda: self.state().startswith(beginning), f"the page says: {beginning}")

    def expect_row(self, table, *parts):
        """A row of the table with these cells, whatever other cells it has."""
        return until(lambda: next((row for row in self.rows(table) if set(parts) <= set(row)), None),
                     f"{table} has a row with {parts}")

    def throttle(self, account):
        """The address of the client whose logins are throttled, after the failures that are free."""
        address = self.fresh_address()
        codes = []
        while "throttled" not in codes[-1:]:
            client = self.start_access_phase(address)
            codes.append(client.request("login", account.name, "not the password at all").code)
            client.close()
            self.assertLess(len(codes), 30)
        return address

    def test_connections_and_events_are_shown_and_a_hostile_name_is_text(self):
        account = self.account(HOSTILE)
        client = self.log_in(account)
        waiting = self.start_access_phase()
        self.expect_row("connections", HOSTILE, client.address, "exchange", "no")
        self.expect_row("connections", waiting.address, "access")
        event = self.expect_row("events", "registered")
        self.assertIn(f'name="{HOSTILE}"', event[-1])
        self.assertEqual(self.browser.run("return document.querySelectorAll('img, iframe, object').length"), 0)
        self.assertEqual(self.browser.run("return document.title"), "porterd")
        numbers = [int(row[0]) for row in self.rows("connections")]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        client.close()
        until(lambda: not any(HOSTILE in row for row in self.rows("connections")), "the closed one has gone")

    def test_throttled_and_banned_networks_are_shown(self):
        address = self.throttle(self.account())
        self.expect_row("throttled", address, "account_paused")
        self.expect_row("events", "login_failed")
        self.ctl("bans", "add", "203.0.113.0/24", "--silent")
        self.addCleanup(self.ctl, "bans", "remove", "203.0.113.0/24")
        self.expect_row("bans", "203.0.113.0/24", "not told", "never")

    def test_figures_follow_the_traffic(self):
        client = self.resume(self.account())

        def received():
            client.send("text", "x" * 1000)
            client.expect("text")
            return self.browser.run("""
                const [figure] = [...document.querySelectorAll('figure')].filter(
                  each => each.querySelector('figcaption').textContent === 'Messages a second');
                return parseFloat(figure.querySelector('dd').textContent) > 0
                  && figure.querySelector('path').getAttribute('d').includes('L');""")
        until(received, "the chart of messages has a line")

    def test_an_answer_that_cannot_be_shown_is_a_fault_of_the_page(self):
        self.browser.run("window.shown = showLive; showLive = () => { throw new Error('made up'); };")
        self.expect_state("The server answers, but this page cannot show it (Error: made up).")
        self.browser.run("showLive = window.shown;")
        self.expect_state("The server is healthy.")
        self.assertIn("made up", str(self.browser.console()))

    def test_both_colour_schemes_can_be_read(self):
        self.resume(self.account())
        self.expect_row("connections", "exchange")
        self.addCleanup(self.browser.set_colours, "light")
        backgrounds = []
        for scheme in ("light", "dark"):
            self.browser.set_colours(scheme)
            self.assertGreaterEqual(self.browser.run(LEAST_CONTRAST), 4.5, scheme)
            colour = self.browser.run("return getComputedStyle(document.body).backgroundColor")
            backgrounds.append(sum(map(int, re.findall(r"\d+", colour))) / 3)
        self.assertGreater(backgrounds[0], 200)
        self.assertLess(backgrounds[1], 60)

    def test_a_phone_needs_no_horizontal_scrolling(self):
        name = "w" * 64
        client = self.log_in(self.account(name))
        self.expect_row("connections", name, client.address)
        self.browser.set_width(360)
        self.addCleanup(self.browser.set_width, 0)
        widths = self.browser.run("""
            const right = [...document.querySelectorAll('body *')].filter(node => node.checkVisibility())
              .filter(node => !node.closest('thead')).map(node => node.getBoundingClientRect().right);
            return [innerWidth, document.documentElement.scrollWidth, Math.max(...right)];""")
        self.assertEqual(widths[:2], [360, 360])
        self.assertLessEqual(widths[2], 360)

    def test_keyboard_and_screen_reader_have_what_they_need(self):
        self.resume(self.account())
        self.expect_row("connections", "exchange")
        self.browser.press(TAB)
        focused = self.browser.run("""const style = getComputedStyle(document.activeElement);
            return [document.activeElement.id, style.outlineStyle, style.outlineWidth];""")
        self.assertEqual(focused, ["pause", "solid", "3px"])
        structure = self.browser.run("""const count = what => document.querySelectorAll(what).length;
            return {headings: [count('h1'), count('h2')], live: count('[aria-live]'), main: count('main'),
                    tables: count('table'), captions: count('table > caption'), columns: count('th[scope=col]'),
                    heads: count('th'), language: document.documentElement.lang};""")
        self.assertEqual(structure["headings"], [1, 5])
        self.assertEqual((structure["live"], structure["main"], structure["language"]), (1, 1, "en"))
        self.assertEqual(structure["tables"], structure["captions"])
        self.assertEqual(structure["columns"], structure["heads"])
        self.browser.press(SPACE)
        self.expect_state("Paused")
        self.assertEqual(self.browser.run("return document.activeElement.getAttribute('aria-pressed')"), "true")
        self.browser.press(SPACE)
        self.expect_state("The server is healthy.")

    def test_a_server_that_does_not_answer_is_reported_until_it_does(self):
        self.browser.devtools("Network.enable")
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.devtools("Network.emulateNetworkConditions", offline=True, **conditions)
        self.expect_state("The server does not answer since ")
        self.browser.devtools("Network.emulateNetworkConditions", offline=False, **conditions)
        self.expect_state("The server is healthy.")
        failures = [each for each in self.browser.console() if "ERR_INTERNET_DISCONNECTED" not in each]
        self.assertEqual(failures, [])

    def test_what_a_script_adds_as_html_does_not_run(self):
        refused = self.browser.run("""
            try { document.body.insertAdjacentHTML('beforeend', '<b>added</b>'); } catch (error) { return error.name; }
            return 'added';""")
        self.assertEqual(refused, "TypeError")
        self.assertTrue(self.browser.console())  # the policy is reported there


class Events(unittest.TestCase):
    def test_each_event_that_may_be_shown_is_one_of_the_log(self):
        source = (ROOT / "src/log/recent_events.cpp").read_text()
        listed = re.findall(r'^    "(\w+)",$', source, re.MULTILINE)
        self.assertGreater(len(listed), 50)
        page = (ROOT / "docs/log.md").read_text()
        self.assertEqual([name for name in listed if f"`{name}`" not in page], [])


if __name__ == "__main__":
    unittest.main()
