// Log lines in both formats: one line without control characters whose values can be read back. Input: the level
// (byte), the time (2 words), a number (8 bytes), the length of a text (word), the text, the text of a peer.
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "fuzz/fuzzer.hpp"
#include "log/escape.hpp"
#include "log/format.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;
namespace log = detail::log;

struct event {
    log::line_time time;
    log::level severity;
    std::int64_t number;
    std::string_view text;
    std::string_view peer_text;
};

std::string line_of(event const& entry, porter::log_format format)
{
    return log::format_line(format, entry.time, entry.severity, "an_event",
                            {{"address", entry.text}, {"number", entry.number}, log::quoted("said", entry.peer_text)});
}

bool is_lossless(std::string_view text)
{
    return text.size() <= log::max_value_bytes && base::valid_utf8(text);
}

std::string utf8_of(unsigned long code_point)
{
    auto const tail = [&](unsigned shift) { return static_cast<char>(0x80 | (code_point >> shift & 0x3f)); };
    if (code_point < 0x80) return {static_cast<char>(code_point)};
    if (code_point < 0x800) return {static_cast<char>(0xc0 | code_point >> 6), tail(0)};
    if (code_point < 0x10000) return {static_cast<char>(0xe0 | code_point >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

/// Reads an escape after its backslash.
std::string take_escape(std::string_view& line)
{
    auto const kind = line.front();
    line.remove_prefix(1);
    if (kind == 'x') {
        auto const value = std::stoul(std::string{line.substr(0, 2)}, nullptr, 16);
        line.remove_prefix(2);
        return {static_cast<char>(value)};
    }
    if (kind == 'u') {
        auto const end = line.find('}');
        require(line.starts_with('{') && end != std::string_view::npos, "an escaped code point is in braces");
        auto const value = std::stoul(std::string{line.substr(1, end - 1)}, nullptr, 16);
        line.remove_prefix(end + 1);
        return utf8_of(value);
    }
    auto const letter = std::string_view{"\"\\nrt"}.find(kind);
    require(letter != std::string_view::npos, "there are no other escapes");
    return {"\"\\\n\r\t"[letter]};
}

/// Reads a value as a log parser would.
std::string take_value(std::string_view& line)
{
    std::string value;
    if (!line.starts_with('"')) {
        value = line.substr(0, line.find(' '));
        line.remove_prefix(value.size());
        return value;
    }
    line.remove_prefix(1);
    while (!line.empty() && line.front() != '"') {
        auto const letter = line.front();
        line.remove_prefix(1);
        value += letter == '\\' ? take_escape(line) : std::string{letter};
    }
    require(!line.empty(), "a quoted value ends");
    line.remove_prefix(1);
    if (line.starts_with("...")) line.remove_prefix(3);  // it was cut
    return value;
}

void skip(std::string_view& line, std::string_view expected)
{
    require(line.starts_with(expected), "the fields are in order");
    line.remove_prefix(expected.size());
}

bool is_clean(std::string_view line)
{
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return std::none_of(line.begin(), line.end(), is_control) && base::valid_utf8(line) &&
           line.find("\xc2\x85") == std::string_view::npos && line.find("\u2028") == std::string_view::npos &&
           line.find("\u202e") == std::string_view::npos;
}

void check_text(event const& entry)
{
    auto const whole = line_of(entry, porter::log_format::text);
    require(is_clean(whole), "a text line has no control characters");
    std::string_view line{whole};
    auto const event_at = line.find(" an_event");
    require(event_at != std::string_view::npos, "the line has the event");
    line.remove_prefix(event_at);
    skip(line, " an_event address=");
    auto const text = take_value(line);
    require(!is_lossless(entry.text) || text == entry.text, "a text can be read back");
    skip(line, " number=");
    require(take_value(line) == std::to_string(entry.number), "a number can be read back");
    skip(line, " said=\"");
    line = std::string_view{whole}.substr(whole.size() - line.size() - 1);
    auto const peer_text = take_value(line);
    require(!is_lossless(entry.peer_text) || peer_text == entry.peer_text, "the text of a peer can be read back");
    require(line.empty(), "nothing follows the last field");
}

void check_json(event const& entry)
{
    auto const line = line_of(entry, porter::log_format::json);
    require(is_clean(line), "a JSON line has no control characters");
    auto const object = nlohmann::json::parse(line, nullptr, false);
    require(object.is_object() && object.size() == 6, "a JSON line is an object with a member for each field");
    require(object["number"] == entry.number, "a number can be read back");
    require(!is_lossless(entry.text) || object["address"] == entry.text, "a text can be read back");
    require(!is_lossless(entry.peer_text) || object["said"] == entry.peer_text, "the text of a peer can be read back");
}

}  // namespace

void check(std::string_view input)
{
    chooser choice{input};
    event entry{};
    entry.severity = static_cast<log::level>(choice.byte() % 5);
    entry.time = log::line_time{std::chrono::hours{choice.word()} + std::chrono::milliseconds{choice.word()}};
    auto const number = choice.take(sizeof entry.number);
    std::memcpy(&entry.number, number.data(), number.size());
    entry.text = choice.take(choice.word());
    entry.peer_text = choice.rest();
    check_text(entry);
    check_json(entry);
}

}  // namespace porter::fuzzing
