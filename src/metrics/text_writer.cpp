#include "metrics/text_writer.hpp"

namespace porter::detail::metrics {
namespace {

std::string_view name_of(kind type)
{
    switch (type) {
        case kind::counter:
            return "counter";
        case kind::gauge:
            return "gauge";
        case kind::histogram:
            break;
    }
    return "histogram";
}

/// Escapes as the format requires: in a help text `\` and line feeds, in a label's value also quotes.
void append_escaped(std::string& to, std::string_view text, bool is_quoted)
{
    for (char const letter : text) {
        if (letter == '\n') {
            to += "\\n";
        } else if (letter == '\\' || (is_quoted && letter == '"')) {
            to.append(1, '\\').append(1, letter);
        } else {
            to += letter;
        }
    }
}

void append_label(std::string& to, std::string_view name, std::string_view value)
{
    to += to.back() == '{' ? "" : ",";
    to.append(name).append("=\"");
    append_escaped(to, value, true);
    to += '"';
}

}  // namespace

std::string seconds_text(std::chrono::nanoseconds length)
{
    constexpr std::chrono::nanoseconds::rep per_second = 1'000'000'000;
    auto text = std::to_string(length.count() / per_second);
    auto const fraction = std::to_string(per_second + length.count() % per_second).substr(1);  // with leading zeros
    auto const last = fraction.find_last_not_of('0');
    if (last != std::string::npos) text.append(1, '.').append(fraction, 0, last + 1);
    return text;
}

void text_writer::begin(std::string_view name, kind type, std::string_view help)
{
    name_ = name;
    text_.append("# HELP ").append(name).append(1, ' ');
    append_escaped(text_, help, false);
    text_.append("\n# TYPE ").append(name).append(1, ' ').append(name_of(type)).append(1, '\n');
}

void text_writer::add(std::chrono::nanoseconds value, labels with)
{
    add_sample("", with, seconds_text(value));
}

/// Prometheus counts in each bucket also what the buckets before it have.
void text_writer::add(histogram const& values, labels with)
{
    std::uint64_t count = 0;
    for (std::size_t index = 0; index < histogram::bounds.size(); ++index) {
        count += values.count(index);
        auto const bound = seconds_text(std::chrono::microseconds{histogram::bounds[index]});
        add_sample("_bucket", with, std::to_string(count), bound);
    }
    count += values.count(histogram::bounds.size());
    add_sample("_bucket", with, std::to_string(count), "+Inf");
    add_sample("_sum", with, seconds_text(values.sum()));
    add_sample("_count", with, std::to_string(count));
}

void text_writer::add_sample(std::string_view suffix, labels with, std::string_view value, std::string_view bound)
{
    text_.append(name_).append(suffix);
    if (with.size() > 0 || !bound.empty()) {
        text_ += '{';
        for (auto const& each : with) append_label(text_, each.name, each.value);
        if (!bound.empty()) append_label(text_, "le", bound);
        text_ += '}';
    }
    text_.append(1, ' ').append(value).append(1, '\n');
}

}  // namespace porter::detail::metrics
