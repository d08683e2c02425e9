#include "programs/porterctl/cells.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "terminal/progress_bar.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

std::string time_of(base::timestamp time, cell_format style, base::timestamp now)
{
    constexpr std::chrono::days half_a_year{182};
    auto const utc = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
    switch (style) {
        case cell_format::exact:
            return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc);
        case cell_format::full:
            return fmt::format("{:%Y-%m-%d %H:%M:%S}", utc);
        case cell_format::minutes:
            return fmt::format("{:%Y-%m-%d %H:%M}", utc);
        case cell_format::brief:
            break;
    }
    bool const is_near = std::chrono::abs(time - now) < half_a_year;
    return is_near ? fmt::format("{:%m-%d %H:%M}", utc) : fmt::format("{:%Y-%m-%d}", utc);
}

}  // namespace

std::string iso_time(base::timestamp time)
{
    return time_of(time, cell_format::exact, {});
}

std::string cell_of(value const& content, cell_format style, base::timestamp now)
{
    bool const for_people = style != cell_format::exact;
    return std::visit(
        overloaded{[&](std::monostate) { return std::string{for_people ? "-" : ""}; },
                   [](bool yes) { return std::string{yes ? "yes" : "no"}; },
                   [](std::int64_t number) { return std::to_string(number); },
                   [](double number) { return fmt::format("{:.1f}", number); },
                   [&](std::string const& text) { return text.empty() && for_people ? std::string{"-"} : text; },
                   [&](base::timestamp time) { return time_of(time, style, now); },
                   [&](size_in_bytes size) {
                       return for_people ? detail::terminal::rounded_size(size.bytes) : std::to_string(size.bytes);
                   },
                   [](std::vector<std::int64_t> const& numbers) { return fmt::format("{}", fmt::join(numbers, ",")); },
                   [](auto const& list) { return std::to_string(list.size()); }},
        content);
}

std::vector<std::string> cells_of(record const& row, cell_format style, base::timestamp now)
{
    std::vector<std::string> cells;
    for (auto const& field : row.fields) cells.push_back(cell_of(field.content, style, now));
    return cells;
}

std::string title_of(std::string name, bool capitals)
{
    constexpr std::string_view suffix = "_at";
    bool const is_time = name.ends_with(suffix);
    if (is_time) name.resize(name.size() - suffix.size());
    for (auto& letter : name) {
        if (letter == '_') letter = ' ';
        if (capitals && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return is_time ? name + " (UTC)" : name;
}

}  // namespace porter::programs
