#include "programs/porterctl/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/option_error.hpp"
#include "programs/porterctl/cells.hpp"
#include "programs/porterctl/listing.hpp"
#include "programs/porterctl/open_database.hpp"
#include "terminal/json.hpp"
#include "terminal/table.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace terminal = detail::terminal;

using json = nlohmann::ordered_json;

json json_of(record const& object);

json json_of(value const& content)
{
    return std::visit(overloaded{[](std::monostate) { return json(nullptr); },
                                 [](base::timestamp time) { return json(iso_time(time)); },
                                 [](size_in_bytes size) { return json(size.bytes); },
                                 [](double number) { return json(std::round(number * 10) / 10); },
                                 [](std::vector<record> const& rows) {
                                     auto list = json::array();
                                     for (auto const& row : rows) list.push_back(json_of(row));
                                     return list;
                                 },
                                 [](auto const& plain) { return json(plain); }},
                      content);
}

json json_of(record const& object)
{
    auto members = json::object();
    for (auto const& field : object.fields) members[field.name] = json_of(field.content);
    return members;
}

std::string text_of(json const& document)
{
    return terminal::printable_json(document.dump(2, ' ', false, json::error_handler_t::replace)) + '\n';
}

/// A line for each item of a list; one line for any other value.
std::vector<std::string> lines_of(value const& content, cell_format style)
{
    if (auto const* const texts = std::get_if<std::vector<std::string>>(&content)) return *texts;
    auto const* const rows = std::get_if<std::vector<record>>(&content);
    if (rows == nullptr) return {cell_of(content, style)};
    std::vector<std::string> lines;
    for (auto const& row : *rows) lines.push_back(fmt::format("{}", fmt::join(cells_of(row, style), " ")));
    return lines;
}

bool is_readable(field const& field)
{
    auto const* const text = std::get_if<std::string>(&field.content);
    return text == nullptr || base::valid_utf8(*text);
}

/// Called when the rows were printed. Throws config::option_error(bad_data) if a text of them is not valid UTF-8.
void reject_unreadable(std::vector<record> const& rows)
{
    constexpr std::size_t most_named = 5;
    std::vector<std::string> names;
    std::size_t count = 0;
    for (auto const& row : rows) {
        if (std::ranges::all_of(row.fields, is_readable)) continue;
        auto const& key = row.fields.front();
        if (++count > most_named) continue;
        names.push_back(fmt::format("{} {}", key.name, cell_of(key.content, cell_format::exact)));
    }
    if (count == 0) return;
    throw detail::config::option_error{
        detail::config::exit_code::bad_data,
        fmt::format("{} with a text that is not valid UTF-8: {}{} (porterctl db check shows such texts)",
                    quantity(count, "row"), base::escape(fmt::format("{}", fmt::join(names, ", "))),
                    count > most_named ? ", ..." : "")};
}

bool may_use_bold()
{
    auto const* const no_color = std::getenv("NO_COLOR");
    auto const* const type = std::getenv("TERM");
    bool const is_disabled = no_color != nullptr && *no_color != '\0';
    return !is_disabled && type != nullptr && std::string_view{type} != "dumb";
}

}  // namespace

output::output(bool json)
{
    bool const on_terminal = terminal::is_terminal(STDOUT_FILENO);
    form_ = json ? form::json : on_terminal ? form::table : form::tabs;
    bold_ = on_terminal && may_use_bold();
}

bool output::has_screen() const noexcept
{
    auto const* const type = std::getenv("TERM");
    bool const can_move = type != nullptr && *type != '\0' && std::string_view{type} != "dumb";
    return can_move && terminal::is_terminal(STDIN_FILENO) && terminal::is_terminal(STDOUT_FILENO);
}

void output::list(std::vector<record> const& rows, std::string const& none,
                  std::span<std::string_view const> dispensable)
{
    if (form_ != form::table) return lines(rows);
    if (rows.empty()) return write(none + '\n');
    auto const heading = bold_ ? terminal::table::heading::bold : terminal::table::heading::plain;
    write(listing(rows, dispensable, terminal::columns_of(STDOUT_FILENO), heading, base::system_clock{}.now()));
    reject_unreadable(rows);
}

void output::lines(std::vector<record> const& rows)
{
    if (form_ == form::json) {
        write(text_of(json_of(value{rows})));
    } else {
        std::string text;
        for (auto const& row : rows) text += terminal::tab_separated(cells_of(row, cell_format::exact));
        write(text);
    }
    reject_unreadable(rows);
}

void output::show(record const& object)
{
    if (form_ == form::json) return write(text_of(json_of(object)));
    bool const for_people = form_ == form::table;
    std::size_t widest = 0;
    for (auto const& field : object.fields) widest = std::max(widest, title_of(field.name, false).size());
    for (auto const& field : object.fields) {
        for (auto const& line : lines_of(field.content, for_people ? cell_format::full : cell_format::exact)) {
            if (for_people) {
                auto const title = fmt::format("{:<{}}", title_of(field.name, false), widest);
                write(fmt::format("{}{}{}  {}\n", bold_ ? "\x1b[1m" : "", title, bold_ ? "\x1b[0m" : "",
                                  base::escape(line)));
            } else {
                write(terminal::tab_separated({field.name, line}));
            }
        }
    }
}

void output::done(std::string const& sentence, record const& result)
{
    if (form_ == form::json) return show(result);
    if (form_ == form::table) return write(sentence + '\n');
    terminal::write_all(STDERR_FILENO, sentence + '\n');
}

void output::issue(base::secret const& code, std::string const& sentence, record const& result)
{
    std::string text{code.view()};
    if (form_ == form::json) {
        auto with_code = result;
        with_code.fields.insert(with_code.fields.begin(), field{"code", text});
        return show(with_code);
    }
    write(text + '\n');
    terminal::write_all(STDERR_FILENO, sentence + '\n');
}

void output::note(std::string const& line)
{
    terminal::write_all(STDERR_FILENO, "note: " + base::escape(line) + '\n');
}

void output::text(std::string const& lines)
{
    write(lines);
}

void output::write(std::string const& text)
{
    auto const error = terminal::write_all(STDOUT_FILENO, text);
    if (!error || error == std::errc::broken_pipe) return;
    throw detail::config::option_error{detail::config::exit_code::io, "cannot write the output: " + error.message()};
}

}  // namespace porter::programs
