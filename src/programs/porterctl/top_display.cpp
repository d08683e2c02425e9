#include "programs/porterctl/top_display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

#include "base/network.hpp"
#include "base/text.hpp"
#include "programs/porterctl/top_table.hpp"
#include "terminal/progress_bar.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace control = detail::control;
using control::sort_key;
using detail::terminal::key_kind;
using detail::terminal::key_press;
using detail::terminal::line_style;
using detail::terminal::screen_line;

constexpr std::uint16_t most_rows = 256;       // to scroll through; as many as porterd sends
constexpr std::size_t longest_filter = 256;    // bytes: a name has at most 64 characters
constexpr std::size_t least_table_height = 5;  // the summary gives way on a low terminal

constexpr std::array<std::string_view, 16> help_lines{
    "Keys",
    "",
    "  1 to 7         sort by a column, the first to the last; again: reversed",
    "  < and >        sort by the column before or after",
    "  r              reverse the order",
    "  j k, arrows    select the next or the previous connection",
    "  PgDn PgUp      a page on or back",
    "  g G, Home End  the first or the last",
    "  c, Delete      close the selected connection, after a question",
    "  / or f         only an account, an address or a network; nothing: all",
    "  p, space       pause, and go on",
    "  q, Ctrl-C      quit",
    "",
    "The table has the first 256 connections in its order (connections list: all).",
    "Networks are shown as throttled for five minutes after this porterd has denied",
    "them; addresses throttled lists those that the database knows."};

std::string uptime_of(std::uint64_t milliseconds)
{
    auto const seconds = milliseconds / 1000;
    auto const of_day = fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    return seconds < 86'400 ? of_day : fmt::format("{} d {}", seconds / 86'400, of_day);
}

std::string size_rate(double bytes)
{
    return detail::terminal::rounded_size(static_cast<std::uint64_t>(bytes));
}

std::string connections_line(control::server_load const& load)
{
    auto const total = load.opening + load.access + load.exchange + load.closing;
    auto const limit = load.max_connections == 0 ? std::string{} : fmt::format(" of {}", load.max_connections);
    return fmt::format("connections  {}{}: {} opening, {} access, {} exchange, {} closing", total, limit, load.opening,
                       load.access, load.exchange, load.closing);
}

std::string throttled_line(control::server_load const& load)
{
    std::string names;
    for (auto const& network : load.last_throttled) names += (names.empty() ? ": " : ", ") + base::escape(network);
    auto const count = load.throttled_networks;
    return fmt::format("throttled    {} network{} of late{}", count, count == 1 ? "" : "s", names);
}

/// The text without its last character.
void remove_last(std::string& text)
{
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
    if (!text.empty()) text.pop_back();
}

}  // namespace

control::get_overview top_display::query() const
{
    control::get_overview asked;
    asked.by = by_;
    asked.is_descending = is_descending_;
    asked.limit = most_rows;
    (is_network_ ? asked.network : asked.account) = filter_;
    return asked;
}

/// The selected connection stays selected while it is among the rows.
void top_display::show(control::overview next)
{
    error_.clear();
    measure(next.load);
    if (shown_ && selected_ < shown_->rows.size()) {
        auto const id = shown_->rows[selected_].id;
        auto const found = std::ranges::find(next.rows, id, &control::connection_row::id);
        if (found != next.rows.end()) selected_ = static_cast<std::size_t>(found - next.rows.begin());
    }
    shown_ = std::move(next);
    select(0);
}

/// A key may ask for an overview shortly after the last one: the rates are those of longer intervals.
void top_display::measure(control::server_load const& load)
{
    constexpr std::uint64_t least_ms = 500;
    bool const is_restarted = baseline_ && load.uptime_ms < baseline_->uptime_ms;
    if (is_restarted) rates_.reset();
    if (baseline_ && !is_restarted) {
        if (load.uptime_ms - baseline_->uptime_ms < least_ms) return;
        rates_ = rates_between(*baseline_, load);
    }
    baseline_ = load;
}

/// A server that comes back may be another one, so the next rates are not known.
void top_display::show_error(std::string const& reason)
{
    constexpr std::string_view silent = "porterd does not answer";
    error_ = reason.starts_with(silent) ? reason : fmt::format("{}: {}", silent, reason);
    rates_.reset();
    baseline_.reset();
}

top_display::action top_display::on_key(key_press const& key)
{
    note_.clear();
    switch (mode_) {
        case mode::help:
            mode_ = mode::table;
            return key.text == "q" ? action::quit : action::none;
        case mode::filter:
            return on_filter_key(key);
        case mode::confirmation:
            mode_ = mode::table;
            if (key.text == "y" || key.text == "Y") return action::close;
            note_ = "The connection was not closed.";
            return action::none;
        case mode::table:
            break;
    }
    return on_table_key(key);
}

top_display::action top_display::on_table_key(key_press const& key)
{
    auto const page = static_cast<std::ptrdiff_t>(page_);
    auto const all = static_cast<std::ptrdiff_t>(most_rows);
    switch (key.kind) {
        case key_kind::up:
            select(-1);
            break;
        case key_kind::down:
            select(1);
            break;
        case key_kind::page_up:
            select(-page);
            break;
        case key_kind::page_down:
            select(page);
            break;
        case key_kind::home:
            select(-all);
            break;
        case key_kind::end:
            select(all);
            break;
        case key_kind::remove:
            ask_to_close();
            break;
        case key_kind::character:
            return key.text.size() == 1 ? on_character(key.text.front()) : action::none;
        default:
            break;
    }
    return action::none;
}

top_display::action top_display::on_character(char letter)
{
    if (letter >= '1' && letter < static_cast<char>('1' + top_columns)) {
        return sort_by(static_cast<std::size_t>(letter - '1'));
    }
    auto const column = static_cast<std::size_t>(by_);
    switch (letter) {
        case 'q':
            return action::quit;
        case '<':
            return sort_by((column + top_columns - 1) % top_columns);
        case '>':
            return sort_by((column + 1) % top_columns);
        case 'r':
            return sort_by(column);
        case 'j':
            select(1);
            break;
        case 'k':
            select(-1);
            break;
        case 'g':
            select(-static_cast<std::ptrdiff_t>(most_rows));
            break;
        case 'G':
            select(static_cast<std::ptrdiff_t>(most_rows));
            break;
        case 'c':
            ask_to_close();
            break;
        case '/':
        case 'f':
            mode_ = mode::filter;
            typed_ = filter_;
            break;
        case 'p':
        case ' ':
            is_paused_ = !is_paused_;
            return is_paused_ ? action::none : action::refresh;
        case '?':
        case 'h':
            mode_ = mode::help;
            break;
        default:
            break;
    }
    return action::none;
}

top_display::action top_display::on_filter_key(key_press const& key)
{
    switch (key.kind) {
        case key_kind::accept:
            return apply_filter();
        case key_kind::escape:
            mode_ = mode::table;
            break;
        case key_kind::backspace:
            remove_last(typed_);
            break;
        case key_kind::character:
            if (typed_.size() + key.text.size() <= longest_filter) typed_ += key.text;
            break;
        default:
            break;
    }
    return action::none;
}

top_display::action top_display::apply_filter()
{
    bool const is_network = base::network::parse(typed_).has_value();
    if (!typed_.empty() && !is_network && !base::normalise_name(typed_)) {
        note_ = "This is no account, address or network.";
        return action::none;
    }
    mode_ = mode::table;
    filter_ = typed_;
    is_network_ = is_network;
    return action::refresh;
}

/// Numbers begin with the largest, others with the first.
top_display::action top_display::sort_by(std::size_t column)
{
    auto const wanted = static_cast<sort_key>(column);
    bool const is_amount = wanted == sort_key::messages || wanted == sort_key::bytes;
    is_descending_ = wanted == by_ ? !is_descending_ : is_amount;
    by_ = wanted;
    return action::refresh;
}

void top_display::select(std::ptrdiff_t distance)
{
    auto const count = shown_ ? static_cast<std::ptrdiff_t>(shown_->rows.size()) : 0;
    auto const wanted = static_cast<std::ptrdiff_t>(selected_) + distance;
    selected_ = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(wanted, 0, std::max<std::ptrdiff_t>(count - 1, 0)));
}

void top_display::ask_to_close()
{
    if (!shown_ || selected_ >= shown_->rows.size()) {
        note_ = "There is no connection to close.";
        return;
    }
    closing_ = shown_->rows[selected_].id;
    mode_ = mode::confirmation;
}

std::string top_display::title() const
{
    auto line = fmt::format("porterd {} on {}, up {}, every {}", base::escape(shown_->version),
                            base::escape(shown_->node), uptime_of(shown_->load.uptime_ms), interval_);
    if (is_paused_) line += ", paused";
    if (!filter_.empty()) line += fmt::format(", only {}: {}", base::escape(filter_), shown_->selected);
    return line;
}

std::string top_display::traffic_line() const
{
    if (!rates_) return "messages/s   -";
    return fmt::format("messages/s   {} in, {} out; {} in, {} out a second", rounded_number(rates_->messages_in),
                       rounded_number(rates_->messages_out), size_rate(rates_->bytes_in), size_rate(rates_->bytes_out));
}

std::vector<std::string> top_display::summary() const
{
    if (!shown_) return {};
    auto const& load = shown_->load;
    auto const number = [this](double load_rates::* rate) {
        return rates_ ? rounded_number((*rates_).*rate) : std::string{"-"};
    };
    return {title(),
            connections_line(load),
            traffic_line(),
            fmt::format("access/s     {} connected, {} granted; {} denied, {} of these throttled",
                        number(&load_rates::accepted), number(&load_rates::granted), number(&load_rates::denied),
                        number(&load_rates::throttled)),
            fmt::format("queues       {} passwords, {} rejected/s; {} TLS hellos, {} handshakes", load.hashes_waiting,
                        number(&load_rates::hashes_rejected), load.hellos_waiting, load.handshakes),
            fmt::format("store        {} operations/s of {} ms, {} failed/s", number(&load_rates::store_operations),
                        number(&load_rates::store_ms), number(&load_rates::store_failed)),
            throttled_line(load)};
}

std::string top_display::footer() const
{
    if (mode_ == mode::confirmation) {
        auto const row = std::ranges::find(shown_->rows, closing_, &control::connection_row::id);
        if (row == shown_->rows.end()) return fmt::format("Close connection {}? (y/n)", closing_);
        auto const of = row->account.empty() ? std::string{} : fmt::format(" of {}", base::escape(row->account));
        return fmt::format("Close connection {}{} from {}? (y/n)", closing_, of, base::escape(row->address));
    }
    if (!note_.empty()) return note_;
    if (mode_ == mode::filter) return fmt::format("Only account, address or network: {}_", base::escape(typed_));
    if (!error_.empty()) return error_;
    if (mode_ == mode::help) return "any key: back   q: quit";
    auto const is_part = shown_ && shown_->rows.size() < shown_->selected;
    auto const part = is_part ? fmt::format("the first {} of {}   ", shown_->rows.size(), shown_->selected) : "";
    return part + "q quit  ? help  1-7 sort  r reverse  / filter  c close  p pause";
}

std::vector<screen_line> top_display::lines(std::size_t rows, std::size_t columns, base::timestamp now)
{
    std::vector<screen_line> lines;
    if (rows == 0) return lines;
    if (mode_ == mode::help) {
        for (auto const line : help_lines) lines.push_back({std::string{line}});
    } else {
        auto const space = rows - std::min(rows, least_table_height);
        for (auto& line : summary()) {
            if (lines.size() < space) lines.push_back({std::move(line)});
        }
        append_table(lines, rows - 1, columns, now);
    }
    lines.resize(rows - 1);  // the last one is that of the keys and the answers
    bool const is_error = !error_.empty() && mode_ == mode::table && note_.empty();
    lines.push_back({footer(), is_error ? line_style::error : line_style::bold});
    return lines;
}

void top_display::append_table(std::vector<screen_line>& lines, std::size_t height, std::size_t columns,
                               base::timestamp now)
{
    if (!shown_ || lines.size() >= height) return;
    auto const table = top_table_of(shown_->rows, by_, is_descending_, columns, now);
    lines.push_back({"  " + table.heading, line_style::bold});
    page_ = std::max<std::size_t>(height - lines.size(), 1);
    first_ = std::clamp(first_, selected_ - std::min(selected_, page_ - 1), selected_);
    auto const end = std::min(first_ + page_, table.lines.size());
    for (auto at = first_; at < end && lines.size() < height; ++at) {
        bool const is_selected = at == selected_;
        lines.push_back(
            {(is_selected ? "> " : "  ") + table.lines[at], is_selected ? line_style::selected : line_style::plain});
    }
    if (table.lines.empty()) lines.push_back({"  There are no connections.", line_style::plain});
}

}  // namespace porter::programs
