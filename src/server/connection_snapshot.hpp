#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace porter::detail::server {

class connection;

/// The connections of a worker when a list of them began, in the order of their numbers. With it a list that is read in
/// pages looks at each connection once, not once for each page. Kept while pages are read, and for a tick after that.
class connection_snapshot {
public:
    struct entry {
        std::uint64_t number = 0;
        connection const* conn = nullptr;  // null: it has ended
    };

    bool is_empty() const noexcept { return entries_.empty(); }

    void assign(std::vector<entry> entries)
    {
        std::ranges::sort(entries, {}, &entry::number);
        entries_ = std::move(entries);
    }

    /// Those with larger numbers than `number`. Valid until the next call of a function that is not const.
    std::span<entry const> after(std::uint64_t number)
    {
        is_in_use_ = true;
        return std::span{std::ranges::upper_bound(entries_, number, {}, &entry::number), entries_.end()};
    }

    /// The connection with this number has ended.
    void forget(std::uint64_t number) noexcept
    {
        auto const found = std::ranges::lower_bound(entries_, number, {}, &entry::number);
        if (found != entries_.end() && found->number == number) found->conn = nullptr;
    }

    /// Frees the entries if after() was not called since the last call.
    void release_unused() noexcept
    {
        if (!std::exchange(is_in_use_, false)) std::vector<entry>{}.swap(entries_);
    }

private:
    std::vector<entry> entries_;
    bool is_in_use_ = false;
};

}  // namespace porter::detail::server
