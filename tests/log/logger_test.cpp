// The public interface of the log: porter/logger.hpp.
#include "porter/logger.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::log_field;
using porter::log_level;

namespace {

struct peer {
    std::string_view text() const { return "192.0.2.7"; }
    std::uint64_t connection() const { return 17; }
};

/// The line without its time.
std::string without_time(std::string const& line)
{
    return line.substr(line.find(' ') + 1);
}

}  // namespace

TEST_CASE("a callback gets each record from its threshold on")
{
    std::vector<std::string> lines;
    porter::callback_logger log{log_level::info,
                                [&](porter::log_record const& record) { lines.push_back(to_line(record)); }};
    log.debug("unseen");
    log.info("login", {{"session", 3}, {"waited", 1250ms}, log_field::quoted("name", "A \"B\"")});
    log.with(peer{}).warn("slow");
    CHECK_FALSE(log.writes(log_level::debug));
    CHECK(log.writes(log_level::error));
    REQUIRE(lines.size() == 2);
    CHECK(without_time(lines[0]) == "info login session=3 waited=1.250 name=\"A \\\"B\\\"\"");
    CHECK(without_time(lines[1]) == "warn slow address=192.0.2.7 connection=17");
}

TEST_CASE("a record is a line of JSON as well")
{
    std::string line;
    porter::callback_logger log{
        log_level::trace, [&](porter::log_record const& record) { line = to_line(record, porter::log_format::json); }};
    log.trace("tick");
    CHECK(line.ends_with(R"(Z","level":"trace","event":"tick"})"));
}

TEST_CASE("the event and the keys of a service cannot forge a field")
{
    std::string line;
    porter::callback_logger log{log_level::info, [&](porter::log_record const& record) { line = to_line(record); }};
    log.info("Said\nhello", {{"a key=", 1}, {"", "x"}});
    CHECK(without_time(line) == "info _aid_hello a_key_=1 _=x");
}

TEST_CASE("a callback logger without a function is rejected")
{
    CHECK_THROWS_AS((porter::callback_logger{log_level::info, {}}), std::invalid_argument);
}
