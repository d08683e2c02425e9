#include "programs/porterctl/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "programs/porterctl/cells.hpp"

namespace porter::programs {

namespace {

namespace terminal = detail::terminal;

constexpr std::string_view zone = " (UTC)";

bool is_number(value const& content)
{
    return std::holds_alternative<std::int64_t>(content) || std::holds_alternative<size_in_bytes>(content);
}

/// A name that is cut is still useful; an address or a time is not.
bool may_be_cut(field const& field)
{
    return field.name == "name" || field.name == "account";
}

/// With brief cells the line below the table names the time zone, not each heading.
std::string heading_of(field const& field, cell_format style)
{
    auto title = title_of(field.name, true);
    if (style == cell_format::brief && title.ends_with(zone)) title.resize(title.size() - zone.size());
    return title;
}

terminal::table table_of(std::vector<record> const& rows, cell_format style, detail::base::timestamp now)
{
    std::vector<std::string> titles;
    std::vector<bool> numbers;
    std::vector<bool> uncut;
    for (auto const& field : rows.front().fields) {
        titles.push_back(heading_of(field, style));
        numbers.push_back(is_number(field.content));
        uncut.push_back(!may_be_cut(field));
    }
    terminal::table table{titles, numbers, uncut};
    for (auto const& row : rows) table.add(cells_of(row, style, now));
    return table;
}

/// Left out, in this order, if the table is still too wide when the names are cut.
constexpr std::string_view last_to_leave_out[] = {"last_address", "last_login_at", "expires_at", "known_by",
                                                  "last_seen_at", "last_used_at",  "since_at",   "count"};

bool has(std::vector<record> const& rows, std::string_view name)
{
    return std::ranges::any_of(rows.front().fields, [name](field const& field) { return field.name == name; });
}

/// Removes the member from all rows and returns its title.
std::string leave_out(std::vector<record>& rows, std::string_view name)
{
    for (auto& row : rows) std::erase_if(row.fields, [name](field const& field) { return field.name == name; });
    auto title = title_of(std::string{name}, false);
    if (title.ends_with(zone)) title.resize(title.size() - zone.size());
    return title;
}

std::string footer(std::vector<std::string> const& missing)
{
    std::string line = "Times are UTC.";
    if (!missing.empty()) {
        line += fmt::format(" Columns left out: {} (--json shows all).", fmt::join(missing, ", "));
    }
    return line + '\n';
}

}  // namespace

std::string listing(std::vector<record> rows, std::span<std::string_view const> dispensable, std::size_t columns,
                    terminal::table::heading heading, detail::base::timestamp now)
{
    for (auto const style : {cell_format::full, cell_format::minutes}) {
        auto const complete = table_of(rows, style, now);
        if (complete.width() <= columns) return complete.text(heading);
    }
    std::vector<std::string> missing;
    auto narrow = table_of(rows, cell_format::brief, now);
    for (auto const name : dispensable) {
        if (narrow.width() <= columns) break;
        missing.push_back(leave_out(rows, name));
        narrow = table_of(rows, cell_format::brief, now);
    }
    narrow.cut_to(columns);
    for (auto const name : last_to_leave_out) {
        if (narrow.width() <= columns) break;
        if (!has(rows, name)) continue;
        missing.push_back(leave_out(rows, name));
        narrow = table_of(rows, cell_format::brief, now);
        narrow.cut_to(columns);
    }
    return narrow.text(heading) + footer(missing);
}

}  // namespace porter::programs
