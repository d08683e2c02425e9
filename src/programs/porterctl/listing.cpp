#include "programs/porterctl/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "programs/porterctl/cells.hpp"

namespace porter::programs {

namespace {

namespace terminal = detail::terminal;

constexpr std::string_view zone = " (UTC)";

bool is_number(value const& some)
{
    return std::holds_alternative<std::int64_t>(some) || std::holds_alternative<size_in_bytes>(some);
}

/// The beginning of a name still tells something; that of an address or a time does not.
bool may_be_cut(field const& one)
{
    return one.name == "name" || one.name == "account";
}

/// The heading is narrow where the cells are: the line below then says what times these are.
std::string heading_of(field const& one, wording how)
{
    auto title = title_of(one.name, true);
    if (how == wording::brief && title.ends_with(zone)) title.resize(title.size() - zone.size());
    return title;
}

terminal::table table_of(std::vector<record> const& rows, wording how, detail::base::timestamp now)
{
    std::vector<std::string> titles;
    std::vector<bool> numbers;
    std::vector<bool> whole;
    for (auto const& field : rows.front().fields) {
        titles.push_back(heading_of(field, how));
        numbers.push_back(is_number(field.is));
        whole.push_back(!may_be_cut(field));
    }
    terminal::table table{titles, numbers, whole};
    for (auto const& row : rows) table.add(cells_of(row, how, now));
    return table;
}

/// What can go besides where even cut names leave no room.
constexpr std::string_view last_to_leave_out[] = {"last_address", "last_login_at", "expires_at", "known_by",
                                                  "last_seen_at", "last_used_at",  "since_at",   "count"};

bool has(std::vector<record> const& rows, std::string_view name)
{
    return std::ranges::any_of(rows.front().fields, [name](field const& one) { return one.name == name; });
}

/// Returns the name of what is left out, for people.
std::string leave_out(std::vector<record>& rows, std::string_view name)
{
    for (auto& row : rows) std::erase_if(row.fields, [name](field const& one) { return one.name == name; });
    auto title = title_of(std::string{name}, false);
    if (title.ends_with(zone)) title.resize(title.size() - zone.size());
    return title;
}

std::string below(std::vector<std::string> const& missing)
{
    std::string line = "Times are UTC.";
    if (!missing.empty()) {
        line += fmt::format(" Left out for want of room: {} (--json has all).", fmt::join(missing, ", "));
    }
    return line + '\n';
}

}  // namespace

std::string listing(std::vector<record> rows, std::span<std::string_view const> dispensable, std::size_t columns,
                    terminal::table::heading how, detail::base::timestamp now)
{
    for (auto const words : {wording::full, wording::minutes}) {
        auto const whole = table_of(rows, words, now);
        if (whole.width() <= columns) return whole.text(how);
    }
    std::vector<std::string> missing;
    auto narrow = table_of(rows, wording::brief, now);
    for (auto const name : dispensable) {
        if (narrow.width() <= columns) break;
        missing.push_back(leave_out(rows, name));
        narrow = table_of(rows, wording::brief, now);
    }
    narrow.cut_to(columns);
    for (auto const name : last_to_leave_out) {
        if (narrow.width() <= columns) break;
        if (!has(rows, name)) continue;
        missing.push_back(leave_out(rows, name));
        narrow = table_of(rows, wording::brief, now);
        narrow.cut_to(columns);
    }
    return narrow.text(how) + below(missing);
}

}  // namespace porter::programs
