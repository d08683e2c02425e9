#include "log/recent_events.hpp"

#include <string>
#include <vector>

#include "log/file_logger.hpp"
#include "log/format.hpp"
#include "log/log_lines.hpp"
#include "support/catch.hpp"

namespace porter::detail::log {
namespace {

std::string line(log_format format, level severity, std::string_view event, std::initializer_list<field> fields)
{
    return format_line(format, line_time{}, severity, event, fields) + '\n';
}

std::vector<std::string> names(recent_events const& recent)
{
    std::vector<std::string> found;
    for (auto const& each : recent.newest_first()) found.push_back(each.name);
    return found;
}

}  // namespace

TEST_CASE("a listed line is taken apart in both formats")
{
    recent_events text{log_format::text};
    text.add(line(log_format::text, level::info, "login", {{"connection", 7}, quoted("name", "a \"b\" event=x")}));
    auto const of_text = text.newest_first();
    REQUIRE(of_text.size() == 1);
    CHECK(of_text[0].time == "1970-01-01T00:00:00.000Z");
    CHECK(of_text[0].level == "info");
    CHECK(of_text[0].name == "login");
    CHECK(of_text[0].text == R"(connection=7 name="a \"b\" event=x")");

    recent_events json{log_format::json};
    json.add(line(log_format::json, level::warn, "throttled", {{"connection", 7}, quoted("name", "\"event\":\"x\"}")}));
    json.add(line(log_format::json, level::info, "rejoined", {}));
    auto const of_json = json.newest_first();
    REQUIRE(of_json.size() == 2);
    CHECK(of_json[0].name == "rejoined");
    CHECK(of_json[0].text.empty());
    CHECK(of_json[1].time == "1970-01-01T00:00:00.000Z");
    CHECK(of_json[1].level == "warn");
    CHECK(of_json[1].text == R"("connection":7,"name":"\"event\":\"x\"}")");
}

TEST_CASE("events that are not listed are not kept whatever their text says")
{
    recent_events recent{log_format::text};
    recent.add(line(log_format::text, level::info, "command_stderr", {quoted("text", "login")}) +
               line(log_format::text, level::info, "event_of_a_service", {quoted("text", "\n1 info login x=1")}) +
               line(log_format::text, level::trace, "message_received", {}) + "no line\n\n" + "1 info");
    CHECK(recent.newest_first().empty());
}

TEST_CASE("the last events are kept and others do not displace warnings")
{
    recent_events recent{log_format::text};
    recent.add(line(log_format::text, level::error, "store_failed", {}));
    std::string lines;
    for (std::size_t i = 0; i < 1000; ++i) lines += line(log_format::text, level::info, "login_failed", {{"i", i}});
    recent.add(lines);
    auto const found = recent.newest_first();
    REQUIRE(found.size() == recent_events::kept + 1);
    CHECK(found.front().text == "i=999");
    CHECK(found.back().name == "store_failed");
    for (std::size_t i = 0; i < 1000; ++i) recent.add(line(log_format::text, level::warn, "suppressed", {}));
    CHECK(recent.newest_first().size() == 2 * recent_events::kept);
}

TEST_CASE("a file_logger has its last events")
{
    temporary_folder const folder;
    file_logger log{folder.path() / "log", level::info, log_format::text};
    log.debug("throttled");
    log.info("login", {quoted("name", "Alice")});
    log.info("unlisted");
    wait_for_line(folder.path() / "log", "info unlisted\n");
    CHECK(names(log.recent()) == std::vector<std::string>{"login"});
}

}  // namespace porter::detail::log
