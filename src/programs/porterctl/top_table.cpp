#include "programs/porterctl/top_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <string_view>

#include "base/text.hpp"
#include "programs/porterctl/connections.hpp"
#include "programs/porterctl/load_rates.hpp"
#include "terminal/cut.hpp"
#include "terminal/progress_bar.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace control = detail::control;
namespace terminal = detail::terminal;
using control::sort_key;

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_name = 12;

struct column {
    std::string_view title;
    bool is_number;
};

constexpr std::array<column, top_columns> columns_of_table{{{"ID", true},
                                                            {"ACCOUNT", false},
                                                            {"ADDRESS", false},
                                                            {"PHASE", false},
                                                            {"TIME", true},
                                                            {"MESSAGES", true},
                                                            {"BYTES", true}}};

/// Left out in this order when the table is too wide.
constexpr std::array dispensable{sort_key::phase, sort_key::connected_at, sort_key::messages, sort_key::bytes,
                                 sort_key::id};

using cells = std::array<std::string, top_columns>;

/// "59 s", "12 min", "3 h", "2 d": how long a connection is there.
std::string age_of(base::timestamp since, base::timestamp now)
{
    using namespace std::chrono;
    auto const age = std::max(now - since, seconds{0});
    if (age < minutes{1}) return fmt::format("{} s", age.count());
    if (age < hours{1}) return fmt::format("{} min", floor<minutes>(age).count());
    if (age < days{1}) return fmt::format("{} h", floor<hours>(age).count());
    return fmt::format("{} d", floor<days>(age).count());
}

cells cells_of_row(control::connection_row const& row, base::timestamp now)
{
    return {std::to_string(row.id),           row.account.empty() ? "-" : base::escape(row.account),
            base::escape(row.address),        std::string{name_of(row.phase)},
            age_of(row.connected_at, now),    rounded_number(static_cast<double>(row.messages)),
            terminal::rounded_size(row.bytes)};
}

cells headings(sort_key by, bool is_descending)
{
    cells titles;
    for (std::size_t at = 0; at < top_columns; ++at) {
        titles[at] = columns_of_table[at].title;
        if (at == static_cast<std::size_t>(by)) titles[at] += is_descending ? " v" : " ^";
    }
    return titles;
}

std::size_t width_of(std::array<std::size_t, top_columns> const& widths)
{
    std::size_t total = 0;
    for (auto const width : widths) total += width == 0 ? 0 : width + gap;
    return total == 0 ? 0 : total - gap;
}

/// Narrows names, then leaves columns out: those have the width 0.
void narrow(std::array<std::size_t, top_columns>& widths, std::size_t columns)
{
    auto& name = widths[static_cast<std::size_t>(sort_key::account)];
    if (auto const total = width_of(widths); total > columns) {
        name = std::max(std::min(name, narrowest_name), name - std::min(name, total - columns));
    }
    for (auto const each : dispensable) {
        if (width_of(widths) > columns) widths[static_cast<std::size_t>(each)] = 0;
    }
}

std::string line_of(cells const& row, std::array<std::size_t, top_columns> const& widths, std::size_t columns)
{
    std::string line;
    for (std::size_t at = 0; at < top_columns; ++at) {
        if (widths[at] == 0) continue;
        if (!line.empty()) line.append(gap, ' ');
        auto const cell = terminal::cut_text(row[at], widths[at]);
        std::string const filling(widths[at] - std::min(widths[at], base::display_width(cell)), ' ');
        line += columns_of_table[at].is_number ? filling + cell : cell + filling;
    }
    return terminal::cut_text(line, columns);
}

}  // namespace

top_table top_table_of(std::vector<control::connection_row> const& rows, sort_key by, bool is_descending,
                       std::size_t columns, base::timestamp now)
{
    std::vector<cells> all{headings(by, is_descending)};
    for (auto const& row : rows) all.push_back(cells_of_row(row, now));
    std::array<std::size_t, top_columns> widths{};
    for (auto const& row : all) {
        for (std::size_t at = 0; at < top_columns; ++at)
            widths[at] = std::max(widths[at], base::display_width(row[at]));
    }
    constexpr std::size_t marker = 2;  // before each line: the selected one has ">"
    auto const available = columns - std::min(columns, marker);
    narrow(widths, available);
    top_table table;
    for (auto const& row : all) {
        auto line = line_of(row, widths, available);
        if (&row == &all.front()) {
            table.heading = std::move(line);
        } else {
            table.lines.push_back(std::move(line));
        }
    }
    return table;
}

}  // namespace porter::programs
