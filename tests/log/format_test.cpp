#include "log/format.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "log/escape.hpp"
#include "support/catch.hpp"

namespace porter::detail::log {
namespace {

using namespace std::chrono;

constexpr line_time moment = sys_days{2026y / November / 22} + 16h + 1min + 2s + 123ms;

std::string text_line(std::initializer_list<field> fields)
{
    return format_line(log_format::text, moment, level::info, "login", fields);
}

std::string json_line(std::initializer_list<field> fields)
{
    return format_line(log_format::json, moment, level::warn, "login", fields);
}

std::string quoted_form(std::string_view value)
{
    std::string line;
    append_quoted(line, value);
    return line;
}

std::string json_form(std::string_view value)
{
    std::string line;
    append_json(line, value);
    return line;
}

}  // namespace

TEST_CASE("a text line is time and level and event and fields")
{
    CHECK(text_line({}) == "2026-11-22T16:01:02.123Z info login");
    CHECK(text_line({{"address", "192.0.2.7"}, quoted("name", "Alice"), {"session", 17}}) ==
          "2026-11-22T16:01:02.123Z info login address=192.0.2.7 name=\"Alice\" session=17");
}

TEST_CASE("a JSON line has the same values as members")
{
    CHECK(json_line({{"address", "::1"}, quoted("name", "Alice"), {"session", -1}}) ==
          R"({"time":"2026-11-22T16:01:02.123Z","level":"warn","event":"login",)"
          R"("address":"::1","name":"Alice","session":-1})");
}

TEST_CASE("a time is written in ISO 8601 with milliseconds")
{
    CHECK(format_line(log_format::text, line_time{}, level::trace, "e", {}) == "1970-01-01T00:00:00.000Z trace e");
    CHECK(format_line(log_format::text, line_time{-1ms}, level::debug, "e", {}) == "1969-12-31T23:59:59.999Z debug e");
    CHECK(format_line(log_format::text, line_time{5ms}, level::error, "e", {}) == "1970-01-01T00:00:00.005Z error e");
}

TEST_CASE("numbers are written in decimal without quotes")
{
    CHECK(text_line({{"n", std::numeric_limits<std::int64_t>::min()}}) ==
          "2026-11-22T16:01:02.123Z info login n=-9223372036854775808");
    CHECK(text_line({{"n", std::uint32_t{4294967295}}}) == "2026-11-22T16:01:02.123Z info login n=4294967295");
}

TEST_CASE("only text of safe characters is written without quotes")
{
    CHECK(is_bare("AZaz09._:/@%+,-"));
    for (auto const* text : {"", " ", "a b", "a=b", "a\"", "a\\", "a\n", "ä", "a;", "(a)", "a\x7f"}) {
        INFO(text);
        CHECK_FALSE(is_bare(text));
    }
    CHECK(text_line({{"reason", ""}}) == "2026-11-22T16:01:02.123Z info login reason=\"\"");
    CHECK(text_line({{"reason", "no such file"}}) == "2026-11-22T16:01:02.123Z info login reason=\"no such file\"");
}

TEST_CASE("text from a peer is always quoted")
{
    CHECK(text_line({quoted("n", "a")}) == "2026-11-22T16:01:02.123Z info login n=\"a\"");
}

TEST_CASE("quotes and backslashes and controls are escaped")
{
    CHECK(quoted_form("a\"b\\c") == R"("a\"b\\c")");
    CHECK(quoted_form("a\r\n\tb") == R"("a\r\n\tb")");
    CHECK(quoted_form(std::string_view{"\0\x01\x1b[31m\x7f", 8}) == R"("\x00\x01\x1b[31m\x7f")");
    CHECK(quoted_form("\u0085\u009b") == R"("\u{85}\u{9b}")");
}

TEST_CASE("separators and direction marks and invisible characters are escaped")
{
    CHECK(quoted_form("\u2028\u2029") == R"("\u{2028}\u{2029}")");
    CHECK(quoted_form("\u202e\u2066\u200f\u061c") == R"("\u{202e}\u{2066}\u{200f}\u{61c}")");
    CHECK(quoted_form("\u200b\ufeff\U000e0001") == R"("\u{200b}\u{feff}\u{e0001}")");
    CHECK(quoted_form("\ue000\uffff") == R"("\u{e000}\u{ffff}")");
}

TEST_CASE("readable text of any language stays readable")
{
    CHECK(quoted_form("Zoë Иван 王 😀") == "\"Zoë Иван 王 😀\"");
    CHECK(json_form("Zoë Иван 王 😀") == "\"Zoë Иван 王 😀\"");
}

TEST_CASE("bytes that are not UTF-8 are escaped as bytes")
{
    CHECK(quoted_form("a\xff"
                      "b") == R"("a\xffb")");
    CHECK(quoted_form("\xc3") == R"("\xc3")");
    CHECK(quoted_form("\xc0\xaf") == R"("\xc0\xaf")");
    CHECK(quoted_form("\xed\xa0\x80") == R"("\xed\xa0\x80")");
    CHECK(quoted_form("\xf4\x90\x80\x80") == R"("\xf4\x90\x80\x80")");
}

TEST_CASE("JSON lines escape the characters that text lines escape")
{
    CHECK(json_form("a\"b\\c\n\x1b") == R"("a\"b\\c\n\u001b")");
    CHECK(json_form("\u202e\u2028\u0085\x7f") == R"("\u202e\u2028\u0085\u007f")");
    CHECK(json_form("\U000e0001") == R"("\udb40\udc01")");
    CHECK(json_form("a\xff"
                    "b") == R"("a\ufffdb")");
}

TEST_CASE("a long value is cut between characters and marked outside the quotes")
{
    CHECK(quoted_form(std::string(max_value_bytes, 'a')) == '"' + std::string(max_value_bytes, 'a') + '"');
    CHECK(quoted_form(std::string(max_value_bytes + 1, 'a')) == '"' + std::string(max_value_bytes, 'a') + "\"...");
    std::string const two_bytes = std::string(max_value_bytes - 1, 'a') + "é";
    CHECK(quoted_form(two_bytes) == '"' + std::string(max_value_bytes - 1, 'a') + "\"...");
    CHECK(json_form(two_bytes) == '"' + std::string(max_value_bytes - 1, 'a') + "\\u2026\"");
    CHECK(text_line({{"v", std::string(max_value_bytes + 1, 'a')}}).ends_with("\"..."));
}

TEST_CASE("a peer cannot forge a field or a line")
{
    auto const line = text_line({quoted("name", "x\" session=1\n2026-11-22T16:01:02.123Z info granted name=\"admin")});
    CHECK(line == R"(2026-11-22T16:01:02.123Z info login name="x\" session=1\n)"
                  R"(2026-11-22T16:01:02.123Z info granted name=\"admin")");
    auto const json = json_line({quoted("name", R"(x","event":"granted)")});
    CHECK(json.ends_with(R"("name":"x\",\"event\":\"granted"})"));
}

TEST_CASE("random bytes never end their quotes")
{
    std::mt19937 random{2026};
    for (int round = 0; round < 20'000; ++round) {
        std::string value(random() % 24, '\0');
        for (auto& byte : value) {
            byte = round % 2 == 0 ? static_cast<char>(random()) : "\"\\\n\xe2\x80\xa8\xae=x "[random() % 10];
        }
        for (auto const& line : {quoted_form(value), json_form(value)}) {
            REQUIRE(line.size() >= 2);
            REQUIRE(line.front() == '"');
            REQUIRE(line.back() == '"');
            bool escaped = false;
            for (auto const byte : line.substr(1, line.size() - 2)) {
                REQUIRE(static_cast<unsigned char>(byte) >= 0x20);
                if (!escaped) REQUIRE(byte != '"');
                escaped = !escaped && byte == '\\';
            }
            REQUIRE_FALSE(escaped);
        }
    }
}

}  // namespace porter::detail::log
