#pragma once

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

#include "server/access_limiter.hpp"

namespace porter::detail::server {

class worker;
class connection_limiter;

/// Who has a place: enough to find the connection again.
struct slot_owner {
    server::worker* worker = nullptr;
    std::uint64_t connection = 0;  ///< its number: who came first has the lower one
};

/// The right to be told at length that there is no place: given back when this ends.
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

/// A place in the house, taken before a byte is read and given back when this ends. Its holder may lose it to a
/// newcomer before that: while it has no access, and keeps us waiting.
class [[nodiscard]] connection_slot {
public:
    connection_slot(connection_slot&&) noexcept = default;
    connection_slot& operator=(connection_slot&&) = delete;
    ~connection_slot();

    /// We work for the holder (its password is being checked): nobody takes the place away. False: somebody has.
    bool pin();
    /// The holder keeps us waiting again.
    void unpin();
    /// The holder is to get access, for this account (0: none, or not known yet): from here on it gives way only as
    /// one that has access (see access_limiter). Only while it is held. Not added: it stays held.
    access_limiter::decision commit(store::account_id account);
    /// It gets no access after all: it is held as before.
    void uncommit();
    /// The account of a holder that was settled without.
    void set_account(store::account_id account);

    /// The holder was heard, and whether it has to go; once it has access. Without a lock.
    void note_activity(access_limiter::time_point now) noexcept;
    bool must_close() const noexcept;

    /// Whether somebody else has the place now.
    bool is_evicted() const;

    /// The same place for a visitor from this network; whoever is in `evicted` had to go for that. False: the network
    /// has no room, and the place is lost.
    bool move_to(std::string const& network, std::optional<slot_owner>& evicted);

    /// See quota::see_off.
    std::optional<reject_permit> permit_reject();

private:
    friend class connection_limiter;
    struct entry;
    struct releaser {
        void operator()(entry* held) const noexcept;
    };
    explicit connection_slot(entry* held) : entry_(held) {}

    std::unique_ptr<entry, releaser> entry_;
};

/// How many connections there may be: in all, and from one network (identity::address::network). At most half of each
/// may be without access; past that the one that has been waiting longest must go, of the network itself, or of the
/// network that has most of them. So a network with many silent connections loses its own first. Those with access are
/// limited by account, too, and leave some places to others (access_limiter).
///
/// Safe from any thread; outlives its admissions.
class connection_limiter {
public:
    /// What a newcomer is told. Whoever is in `evicted` has lost the place: tell that connection.
    struct outcome {
        std::optional<connection_slot> slot;
        std::optional<slot_owner> evicted;
    };

    /// 0: no limit.
    connection_limiter(std::size_t in_all, std::size_t per_network, std::size_t per_account = 0)
        : limit_(in_all), per_network_(per_network), access_limiter_(in_all - in_all / reserved_part, per_account)
    {}

    /// A place for a visitor from this network, or none when the house is full.
    outcome take(std::string const& network, slot_owner owner);

    /// A place for a visitor of whom nobody knows yet where it is from: a proxy is going to say so. Only the limit in
    /// all holds until the place is moved to a network.
    outcome take_unassigned(slot_owner owner) { return take({}, owner); }

    /// For somebody without a place, or none when enough are being told already: the others are told in passing, or a
    /// crowd at the door would cost what the limits are there to save.
    std::optional<reject_permit> permit_reject();

    std::size_t taken() const;

private:
    friend class connection_slot;
    friend class reject_permit;
    using entry = connection_slot::entry;
    struct address_bucket {
        std::size_t taken = 0;
        std::size_t without_access = 0;
        std::map<std::uint64_t, entry*> evictable{};  // by the connection's number: those who may have to go
    };
    struct heavier {
        bool operator()(address_bucket const* a, address_bucket const* b) const noexcept;
    };
    using address_buckets = std::unordered_map<std::string, address_bucket>;

    /// One place in so many is for connections without access, and for those that have to leave and have not yet: a
    /// server of fewer places has none to spare.
    static constexpr std::size_t reserved_part = 32;

    bool assign(entry& newcomer, std::string const& name, std::optional<slot_owner>& evicted);
    entry* oldest_evictable(address_bucket const& from) const;
    void add_evictable(entry& one);
    void remove_evictable(entry& one) noexcept;
    void release(entry& one) noexcept;
    template <typename Change>
    void change(address_bucket& which, Change how);

    std::size_t const limit_;
    std::size_t const per_network_;
    std::mutex mutable mutex_;  // guards what follows, and the seats
    std::size_t taken_ = 0;
    std::size_t rejects_ = 0;
    std::size_t without_access_ = 0;
    access_limiter access_limiter_;
    address_buckets buckets_;
    std::set<address_bucket*, heavier> heaviest_;  // those with somebody who may have to go, the first to suffer first
};

}  // namespace porter::detail::server
