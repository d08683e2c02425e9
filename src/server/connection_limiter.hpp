#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/options.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

class worker;
class connection_limiter;
struct authenticated_client;

/// Counts groups by their size, which gives the size of the largest at once.
class group_sizes {
public:
    /// A group of this size has gained or lost one.
    void grow(std::size_t size);
    void shrink(std::size_t size) noexcept;

    std::size_t largest() const noexcept { return groups_.size(); }

private:
    std::vector<std::size_t> groups_;  // at n - 1: the groups of n
};

/// Limits the connections that have access: in all, and of each account. When the server is full, a new connection
/// evicts the one that has been idle longest: of the account or network (identity::address::network) with the most
/// connections, if that has more than the new connection's own would have, otherwise of its own account or network. So
/// an address that fills the server with idle connections loses them to others, and no address loses its only one.
///
/// For one thread at a time.
class access_limiter {
    struct network;
    using networks = std::unordered_map<std::string, network>;

public:
    using time_point = std::chrono::steady_clock::time_point;

    /// A connection's entry. Its address must not change between add() and remove().
    class member {
    public:
        /// Its peer has sent something. From any thread.
        void note_activity(time_point now) noexcept { active_at_.store(now.time_since_epoch().count(), relaxed); }
        /// Whether it was evicted and must close. From any thread.
        bool must_close() const noexcept { return must_close_.load(relaxed); }

    private:
        friend class access_limiter;
        static constexpr auto relaxed = std::memory_order_relaxed;

        std::atomic<time_point::rep> active_at_{};
        std::atomic<bool> must_close_ = false;
        store::account_id account_ = 0;
        std::pair<std::string const, network>* network_ = nullptr;  // null: not added
        member* previous_ = nullptr;                                // in its network's list
        member* next_ = nullptr;
    };

    enum class decision : std::uint8_t { added, account_full, server_full };

    /// 0: no limit.
    access_limiter(std::size_t in_all, std::size_t per_account) : limit_(in_all), per_account_(per_account) {}

    /// Other limits. Members beyond them stay until others need their place.
    void set_limits(std::size_t in_all, std::size_t per_account) noexcept
    {
        limit_ = in_all;
        per_account_ = per_account;
    }

    /// `account`: 0: none, or not known yet.
    decision add(member& added, std::string const& network_name, store::account_id account, time_point now);
    /// Sets the account of a member that was added without one.
    void set_account(member& one, store::account_id account);
    /// Does nothing if it was not added.
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

    std::size_t limit_;
    std::size_t per_account_;
    std::size_t size_ = 0;
    networks networks_;
    group_sizes network_sizes_;
    std::unordered_map<store::account_id, std::size_t> accounts_;
    group_sizes account_sizes_;
};

/// Identifies the connection that has a slot.
struct slot_owner {
    server::worker* worker = nullptr;
    std::uint64_t connection = 0;  ///< its number; connections are numbered in the order of their accepts
};

/// The number of rejected or evicted connections that are kept open to deliver `closing`: each uses a descriptor but no
/// slot.
inline constexpr std::size_t max_rejects = 64;

/// The right of a rejected or evicted connection to stay open until `closing` is delivered; returned on destruction.
class [[nodiscard]] reject_permit {
public:
    reject_permit(reject_permit&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)) {}
    reject_permit& operator=(reject_permit&&) = delete;
    ~reject_permit();

private:
    friend class connection_limiter;
    explicit reject_permit(connection_limiter& from) : limiter_(&from) {}

    connection_limiter* limiter_;
};

/// The right to be connected: taken before a byte is read, returned on destruction. Until access is committed, a new
/// connection may evict it while the server waits for its peer.
class [[nodiscard]] connection_slot {
public:
    connection_slot(connection_slot&&) noexcept = default;
    connection_slot& operator=(connection_slot&&) = delete;
    ~connection_slot();

    /// The server works for the connection (checks its password, for example): it is not evicted. False: it has been
    /// evicted already.
    bool pin();
    /// The server waits for the peer again.
    void unpin();
    /// Access is about to be granted, for this account (0: none, or not known yet): from here on the slot is limited by
    /// the access_limiter. Only while pinned. If not added, it stays pinned.
    access_limiter::decision commit(store::account_id account);
    /// Access was not granted after all: pinned as before.
    void uncommit();
    /// Sets the account of a slot that was committed without one.
    void set_account(store::account_id account);

    /// As access_limiter::member, for a committed slot. Without a lock.
    void note_activity(access_limiter::time_point now) noexcept;
    bool must_close() const noexcept;

    /// Whether another connection has taken the slot.
    bool is_evicted() const;

    /// Moves the slot to another network, as connection_limiter::take() would. `evicted`: the connection that lost its
    /// slot for that. False: the network is full, and the slot is lost.
    bool move_to(std::string const& network, std::optional<slot_owner>& evicted);

    /// See connection_limiter::permit_reject().
    std::optional<reject_permit> permit_reject();

    /// The client that was granted access, for the list of connections; null before. It outlives the slot's use by the
    /// connection. On the connection's thread.
    void set_client(authenticated_client const& client) noexcept { client_ = &client; }
    authenticated_client const* client() const noexcept { return client_; }

private:
    friend class connection_limiter;
    struct entry;
    struct releaser {
        void operator()(entry* held) const noexcept;
    };
    explicit connection_slot(entry* held) : entry_(held) {}

    std::unique_ptr<entry, releaser> entry_;
    authenticated_client const* client_ = nullptr;
};

/// Limits the connections: in all, and of each network (identity::address::network). At most half of either may be
/// without access; beyond that a new connection evicts the oldest that the server waits for: of its own network, or of
/// the network with the most connections without access. So a network with many silent connections loses its own first.
/// Connections with access are limited by an access_limiter, which keeps some slots free for new ones.
///
/// Safe from any thread; outlives its slots.
class connection_limiter {
public:
    /// Without a slot the connection is to be rejected. The owner in `evicted` has lost its slot: see notify_evicted().
    struct outcome {
        std::optional<connection_slot> slot;
        std::optional<slot_owner> evicted;
    };

    /// 0: no limit.
    connection_limiter(std::size_t in_all, std::size_t per_network, std::size_t per_account = 0)
        : limit_(in_all), per_network_(per_network), access_limiter_(with_access(in_all), per_account)
    {}

    /// Other limits, for new connections: existing ones keep their slots.
    void set_limits(std::size_t in_all, std::size_t per_network, std::size_t per_account) noexcept;

    /// A slot for a connection from this network.
    outcome take(std::string const& network, slot_owner owner);

    /// A slot for a connection whose PROXY header has yet to name its network: only the limit in all holds until
    /// connection_slot::move_to().
    outcome take_unassigned(slot_owner owner) { return take({}, owner); }

    /// For a connection without a slot; none when max_rejects have one: then close it at once, or a flood would cost
    /// the descriptors that the limits are there to save.
    std::optional<reject_permit> permit_reject();

    std::size_t taken() const;

private:
    friend class connection_slot;
    friend class reject_permit;
    using entry = connection_slot::entry;
    struct address_bucket {
        std::size_t taken = 0;
        std::size_t without_access = 0;
        std::map<std::uint64_t, entry*> evictable{};  // by the connection's number
    };
    struct heavier {
        bool operator()(address_bucket const* a, address_bucket const* b) const noexcept;
    };
    using address_buckets = std::unordered_map<std::string, address_bucket>;

    /// One slot in 32 is kept for connections without access, and for evicted ones that have not closed yet. A smaller
    /// server keeps none.
    static constexpr std::size_t reserved_part = 32;
    static std::size_t with_access(std::size_t in_all) noexcept { return in_all - in_all / reserved_part; }

    bool assign(entry& added, std::string const& name, std::optional<slot_owner>& evicted);
    entry* oldest_evictable(address_bucket const& from) const;
    void add_evictable(entry& one);
    void remove_evictable(entry& one) noexcept;
    void release(entry& one) noexcept;
    template <typename Change>
    void update(address_bucket& bucket, Change change);

    std::mutex mutable mutex_;  // guards what follows, and the slots' entries
    std::size_t limit_;
    std::size_t per_network_;
    std::size_t taken_ = 0;
    std::size_t rejects_ = 0;
    std::size_t without_access_ = 0;
    access_limiter access_limiter_;
    address_buckets buckets_;
    std::set<address_bucket*, heavier> heaviest_;  // those with an evictable entry, the first to lose one first
};

}  // namespace porter::detail::server
