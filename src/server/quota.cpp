#include "server/quota.hpp"

#include <cassert>

#include "server/descriptors.hpp"

namespace porter::rooms::server {

/// Guarded by the quota's mutex.
struct admission::seat {
    enum class state : std::uint8_t { waiting, held, settled, lost };

    quota& house;
    holder who;
    quota::neighbourhoods::value_type* at = nullptr;  // outlives a rehash, which an iterator does not
    state now = state::lost;
    access_limiter::member access{};  // while it is settled
};

namespace {

/// Of a limit, how much is for those without access.
std::size_t half(std::size_t limit)
{
    return (limit + 1) / 2;
}

}  // namespace

void admission::releasing::operator()(seat* held) const noexcept
{
    {
        std::lock_guard const lock{held->house.mutex_};
        if (held->now != seat::state::lost) held->house.vacate(*held);
    }
    delete held;
}

admission::~admission() = default;

bool admission::hold()
{
    std::lock_guard const lock{seat_->house.mutex_};
    if (seat_->now == seat::state::lost) return false;
    seat_->house.stop_waiting(*seat_);
    seat_->now = seat::state::held;
    return true;
}

void admission::let_go()
{
    std::lock_guard const lock{seat_->house.mutex_};
    if (seat_->now == seat::state::held) seat_->house.wait(*seat_);
}

access_limiter::verdict admission::settle(store::account_id account)
{
    std::lock_guard const lock{seat_->house.mutex_};
    auto& house = seat_->house;
    auto& at = *seat_->at;
    assert(seat_->now == seat::state::held);
    auto const now = std::chrono::steady_clock::now();
    auto const verdict = house.with_access_.add(seat_->access, at.first, account, now);
    if (verdict != access_limiter::verdict::added) return verdict;
    house.change(at.second, [&] { --at.second.without_access; });
    --house.without_access_;
    seat_->now = seat::state::settled;
    return verdict;
}

void admission::unsettle()
{
    std::lock_guard const lock{seat_->house.mutex_};
    auto& house = seat_->house;
    auto& at = *seat_->at;
    assert(seat_->now == seat::state::settled);
    house.with_access_.remove(seat_->access);
    house.change(at.second, [&] { ++at.second.without_access; });
    ++house.without_access_;
    seat_->now = seat::state::held;
}

void admission::set_account(store::account_id account)
{
    std::lock_guard const lock{seat_->house.mutex_};
    seat_->house.with_access_.set_account(seat_->access, account);
}

void admission::note_activity(access_limiter::time_point now) noexcept
{
    seat_->access.note_activity(now);
}

bool admission::must_leave() const noexcept
{
    return seat_->access.must_leave();
}

bool admission::is_lost() const
{
    std::lock_guard const lock{seat_->house.mutex_};
    return seat_->now == seat::state::lost;
}

bool admission::move(std::string const& network, std::optional<holder>& evicted)
{
    auto& house = seat_->house;
    std::lock_guard const lock{house.mutex_};
    if (seat_->now == seat::state::lost) return false;
    house.vacate(*seat_);
    return house.take(*seat_, network, evicted);
}

std::optional<farewell> admission::see_off()
{
    return seat_->house.see_off();
}

farewell::~farewell()
{
    if (quota_ == nullptr) return;
    std::lock_guard const lock{quota_->mutex_};
    --quota_->farewells_;
}

/// The network with more connections that have no access comes first; of two with as many, the one where somebody has
/// been waiting longer.
bool quota::by_weight::operator()(neighbourhood const* a, neighbourhood const* b) const noexcept
{
    if (a->without_access != b->without_access) return a->without_access > b->without_access;
    return a->waiting.begin()->first < b->waiting.begin()->first;
}

quota::answer quota::admit(std::string const& network, holder who)
{
    answer made;
    admission newcomer{new seat{*this, who}};
    std::lock_guard const lock{mutex_};
    if (take(*newcomer.seat_, network, made.evicted)) made.place.emplace(std::move(newcomer));
    return made;
}

std::optional<farewell> quota::see_off()
{
    std::lock_guard const lock{mutex_};
    if (farewells_ >= max_farewells) return std::nullopt;
    ++farewells_;
    return farewell{*this};
}

std::size_t quota::taken() const
{
    std::lock_guard const lock{mutex_};
    return taken_;
}

bool quota::take(seat& newcomer, std::string const& name, std::optional<holder>& evicted)
{
    auto const per_network = name.empty() ? 0 : per_network_;
    auto* const at = &*networks_.try_emplace(name).first;
    auto& here = at->second;
    bool const crowded_here = per_network != 0 && here.without_access >= half(per_network);
    bool const crowded = in_all_ != 0 && without_access_ >= half(in_all_);
    seat* loser = nullptr;
    if (crowded_here) {
        loser = longest_waiting(here);
    } else if (crowded && !heaviest_.empty()) {
        loser = longest_waiting(**heaviest_.begin());
    }
    std::size_t const freed = loser != nullptr ? 1 : 0;
    std::size_t const freed_here = loser != nullptr && loser->at == at ? 1 : 0;
    bool const full = (in_all_ != 0 && taken_ - freed >= in_all_) ||
                      (per_network != 0 && here.taken - freed_here >= per_network) ||
                      ((crowded_here || crowded) && loser == nullptr);
    if (full) {
        if (here.taken == 0) networks_.erase(name);
        return false;
    }
    newcomer.at = at;
    ++taken_;
    ++without_access_;
    ++here.taken;
    newcomer.now = seat::state::held;
    change(here, [&] { ++here.without_access; });
    wait(newcomer);
    if (loser != nullptr) {
        evicted = loser->who;
        vacate(*loser);
    }
    return true;
}

quota::seat* quota::longest_waiting(neighbourhood const& from) const
{
    return from.waiting.empty() ? nullptr : from.waiting.begin()->second;
}

void quota::wait(seat& one)
{
    auto& here = one.at->second;
    change(here, [&] { here.waiting.emplace(one.who.connection, &one); });
    one.now = seat::state::waiting;
}

void quota::stop_waiting(seat& one) noexcept
{
    auto& here = one.at->second;
    if (one.now == seat::state::waiting) change(here, [&] { here.waiting.erase(one.who.connection); });
}

void quota::vacate(seat& one) noexcept
{
    stop_waiting(one);
    with_access_.remove(one.access);
    auto& here = one.at->second;
    --taken_;
    if (one.now != seat::state::settled) {
        --without_access_;
        change(here, [&] { --here.without_access; });
    }
    one.now = seat::state::lost;
    if (--here.taken == 0) networks_.erase(networks_.find(one.at->first));
}

/// A network is taken out of the order while what it is ordered by changes.
template <typename Change>
void quota::change(neighbourhood& which, Change how)
{
    auto node = which.waiting.empty() ? decltype(heaviest_)::node_type{} : heaviest_.extract(&which);
    how();
    if (which.waiting.empty()) return;
    if (node) {
        heaviest_.insert(std::move(node));
    } else {
        heaviest_.insert(&which);
    }
}

}  // namespace porter::rooms::server
