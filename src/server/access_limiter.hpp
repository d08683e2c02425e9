#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/records.hpp"

namespace porter::detail::server {

/// How many groups there are of each size, and so how large the largest is, without looking at all of them.
class group_sizes {
public:
    /// A group of this size has one more, or one less.
    void grows(std::size_t size);
    void shrinks(std::size_t size) noexcept;

    std::size_t largest() const noexcept { return groups_.size(); }

private:
    std::vector<std::size_t> groups_;  // at n - 1: the groups of n
};

/// Limits the connections that have access: in all, and for each account. When all places are taken, the connection
/// that has been idle longest has to leave: one of the account or network (identity::address::network) with most of
/// them, when that has more than the new connection's would have; else one of the new connection's own account or
/// network. So an address that fills the server with idle connections loses them to others, and no address loses its
/// only one.
///
/// For one thread at a time.
class access_limiter {
    struct network;
    using networks = std::unordered_map<std::string, network>;

public:
    using time_point = std::chrono::steady_clock::time_point;

    /// A connection's place here; its owner keeps it where it is from add() to remove().
    class member {
    public:
        /// Its peer was heard. From any thread.
        void note_activity(time_point now) noexcept { active_at_.store(now.time_since_epoch().count(), relaxed); }
        /// Whether it has to leave, and has no place here any more. From any thread.
        bool must_close() const noexcept { return must_close_.load(relaxed); }

    private:
        friend class access_limiter;
        static constexpr auto relaxed = std::memory_order_relaxed;

        std::atomic<time_point::rep> active_at_{};
        std::atomic<bool> must_close_ = false;
        store::account_id account_ = 0;
        std::pair<std::string const, network>* network_ = nullptr;  // none: not here
        member* previous_ = nullptr;                                // in its network's list
        member* next_ = nullptr;
    };

    enum class decision : std::uint8_t { added, account_full, server_full };

    /// 0: no limit.
    access_limiter(std::size_t in_all, std::size_t per_account) : limit_(in_all), per_account_(per_account) {}

    /// Takes the connection in, or says why not. `account`: 0: none, or not known yet.
    decision add(member& joining, std::string const& network_name, store::account_id account, time_point now);
    /// The account of one that was taken in without.
    void set_account(member& one, store::account_id account);
    /// Nothing, when it is not here.
    void remove(member& one) noexcept;

private:
    struct network {
        std::size_t size = 0;
        member* first = nullptr;
    };

    member* victim_for(std::string const& network_name, store::account_id account);
    std::size_t size_of(store::account_id account) const;
    static member* idlest(network const& from, store::account_id only_of) noexcept;
    member* idlest_of(store::account_id account) noexcept;
    void count(store::account_id account);

    std::size_t const limit_;
    std::size_t const per_account_;
    std::size_t size_ = 0;
    networks networks_;
    group_sizes network_sizes_;
    std::unordered_map<store::account_id, std::size_t> accounts_;
    group_sizes account_sizes_;
};

}  // namespace porter::detail::server
