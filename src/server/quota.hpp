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

namespace porter::rooms::server {

class io_thread;
class quota;

/// Who has a place: enough to find the connection again.
struct holder {
    io_thread* thread = nullptr;
    std::uint64_t connection = 0;  ///< its number: who came first has the lower one
};

/// The right to be told at length that there is no place: given back when this ends.
class [[nodiscard]] farewell {
public:
    farewell(farewell&& other) noexcept : quota_(std::exchange(other.quota_, nullptr)) {}
    farewell& operator=(farewell&&) = delete;
    ~farewell();

private:
    friend class quota;
    explicit farewell(quota& from) : quota_(&from) {}

    quota* quota_;
};

/// A place in the house, taken before a byte is read and given back when this ends. Its holder may lose it to a
/// newcomer before that: while it has no access, and keeps us waiting.
class [[nodiscard]] admission {
public:
    admission(admission&&) noexcept = default;
    admission& operator=(admission&&) = delete;
    ~admission();

    /// We work for the holder (its password is being checked): nobody takes the place away. False: somebody has.
    bool hold();
    /// The holder keeps us waiting again.
    void let_go();
    /// The holder is to get access, for this account (0: none, or not known yet): from here on it gives way only as
    /// one that has access (see access_limiter). Only while it is held. Not added: it stays held.
    access_limiter::verdict settle(store::account_id account);
    /// It gets no access after all: it is held as before.
    void unsettle();
    /// The account of a holder that was settled without.
    void set_account(store::account_id account);

    /// The holder was heard, and whether it has to go; once it has access. Without a lock.
    void note_activity(access_limiter::time_point now) noexcept;
    bool must_leave() const noexcept;

    /// Whether somebody else has the place now.
    bool is_lost() const;

    /// The same place for a visitor from this network; whoever is in `evicted` had to go for that. False: the network
    /// has no room, and the place is lost.
    bool move(std::string const& network, std::optional<holder>& evicted);

    /// See quota::see_off.
    std::optional<farewell> see_off();

private:
    friend class quota;
    struct seat;
    struct releasing {
        void operator()(seat* held) const noexcept;
    };
    explicit admission(seat* held) : seat_(held) {}

    std::unique_ptr<seat, releasing> seat_;
};

/// How many connections there may be: in all, and from one network (identity::address::network). At most half of each
/// may be without access; past that the one that has been waiting longest must go, of the network itself, or of the
/// network that has most of them. So a network with many silent connections loses its own first. Those with access are
/// limited by account, too, and leave some places to others (access_limiter).
///
/// Safe from any thread; outlives its admissions.
class quota {
public:
    /// What a newcomer is told. Whoever is in `evicted` has lost the place: tell that connection.
    struct answer {
        std::optional<admission> place;
        std::optional<holder> evicted;
    };

    /// 0: no limit.
    quota(std::size_t in_all, std::size_t per_network, std::size_t per_account = 0)
        : in_all_(in_all), per_network_(per_network), with_access_(in_all - in_all / reserved_part, per_account)
    {}

    /// A place for a visitor from this network, or none when the house is full.
    answer admit(std::string const& network, holder who);

    /// A place for a visitor of whom nobody knows yet where it is from: a proxy is going to say so. Only the limit in
    /// all holds until the place is moved to a network.
    answer admit_unknown(holder who) { return admit({}, who); }

    /// For somebody without a place, or none when enough are being told already: the others are told in passing, or a
    /// crowd at the door would cost what the limits are there to save.
    std::optional<farewell> see_off();

    std::size_t taken() const;

private:
    friend class admission;
    friend class farewell;
    using seat = admission::seat;
    struct neighbourhood {
        std::size_t taken = 0;
        std::size_t without_access = 0;
        std::map<std::uint64_t, seat*> waiting{};  // by the connection's number: those who may have to go
    };
    struct by_weight {
        bool operator()(neighbourhood const* a, neighbourhood const* b) const noexcept;
    };
    using neighbourhoods = std::unordered_map<std::string, neighbourhood>;

    /// One place in so many is for connections without access, and for those that have to leave and have not yet: a
    /// server of fewer places has none to spare.
    static constexpr std::size_t reserved_part = 32;

    bool take(seat& newcomer, std::string const& name, std::optional<holder>& evicted);
    seat* longest_waiting(neighbourhood const& from) const;
    void wait(seat& one);
    void stop_waiting(seat& one) noexcept;
    void vacate(seat& one) noexcept;
    template <typename Change>
    void change(neighbourhood& which, Change how);

    std::size_t const in_all_;
    std::size_t const per_network_;
    std::mutex mutable mutex_;  // guards what follows, and the seats
    std::size_t taken_ = 0;
    std::size_t farewells_ = 0;
    std::size_t without_access_ = 0;
    access_limiter with_access_;
    neighbourhoods networks_;
    std::set<neighbourhood*, by_weight> heaviest_;  // those with somebody who may have to go, the first to suffer first
};

}  // namespace porter::rooms::server
