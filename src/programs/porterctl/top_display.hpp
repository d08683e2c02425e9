#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "control/messages.hpp"
#include "programs/porterctl/load_rates.hpp"
#include "terminal/full_screen.hpp"

namespace porter::programs {

/// What `porterctl top` shows, and how its keys change that. Does no I/O.
class top_display {
public:
    /// What a key asks the program to do.
    enum class action : std::uint8_t {
        none,
        refresh,  ///< ask for another overview now
        close,    ///< close the connection closing()
        quit,
    };

    /// `interval`: between two overviews, for people.
    explicit top_display(std::string interval) : interval_(std::move(interval)) {}

    /// The overview to ask for.
    detail::control::get_overview query() const;

    void show(detail::control::overview next);
    /// The server does not answer: what was shown stays, with this line.
    void show_error(std::string const& reason);
    /// A line until the next key.
    void show_note(std::string const& line) { note_ = line; }

    action on_key(detail::terminal::key_press const& key);

    bool is_paused() const noexcept { return is_paused_; }
    /// The connection of the action `close`.
    std::uint64_t closing() const noexcept { return closing_; }

    /// The screen: as many lines as it has rows, or less. Moves the rows of the table so that the selected one is
    /// among them.
    std::vector<detail::terminal::screen_line> lines(std::size_t rows, std::size_t columns,
                                                     detail::base::timestamp now);

private:
    enum class mode : std::uint8_t { table, help, filter, confirmation };

    action on_table_key(detail::terminal::key_press const& key);
    action on_character(char letter);
    action on_filter_key(detail::terminal::key_press const& key);
    action sort_by(std::size_t column);
    action apply_filter();
    void measure(detail::control::server_load const& load);
    void select(std::ptrdiff_t distance);
    void ask_to_close();
    std::vector<std::string> summary() const;
    std::string title() const;
    std::string traffic_line() const;
    std::string footer() const;
    void append_table(std::vector<detail::terminal::screen_line>& lines, std::size_t height, std::size_t columns,
                      detail::base::timestamp now);

    std::string interval_;
    mode mode_ = mode::table;
    detail::control::sort_key by_ = detail::control::sort_key::bytes;
    bool is_descending_ = true;
    bool is_paused_ = false;
    std::string typed_;   // of the filter, while it is typed
    std::string filter_;  // as it was typed; empty: none
    bool is_network_ = false;
    std::optional<detail::control::overview> shown_;
    std::optional<detail::control::server_load> baseline_;  // the load that the next rates begin with
    std::optional<load_rates> rates_;                       // none: only one overview is known
    std::size_t selected_ = 0;                              // row
    std::size_t first_ = 0;                                 // the first row on the screen
    std::size_t page_ = 1;                                  // rows on the screen
    std::uint64_t closing_ = 0;
    std::string error_;
    std::string note_;
};

}  // namespace porter::programs
