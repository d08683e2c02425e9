#include "server/account_requests.hpp"

#include <algorithm>
#include <limits>

namespace porter::rooms::server {
namespace {

using outcome = std::optional<ending>;

/// `done`, or `denied` with the reason; true: it was done.
bool say_outcome(peer& visitor, result<void> const& tried)
{
    if (tried) {
        visitor.say(protocol::done{});
    } else {
        visitor.deny(tried.error());
    }
    return tried.has_value();
}

/// "I am not Alice": the address gets another name.
task<outcome> rename(peer& visitor, house const& house, guest& who, protocol::identify const& asked)
{
    auto renamed = co_await house.directory.introduce(visitor.address(), std::string{asked.name});
    if (!renamed) {
        visitor.deny(renamed.error());
        co_return std::nullopt;
    }
    who.name = renamed->name();
    who.via = via::identify;
    protocol::granted granted;
    granted.via = protocol::via::identify;
    granted.name = who.name;
    visitor.say(granted);
    co_return std::nullopt;
}

task<outcome> change_password(peer& visitor, house const& house, sessions::session const& session,
                              protocol::change_password const& asked)
{
    base::secret current{asked.current};
    base::secret fresh{asked.fresh};
    auto changed = co_await house.verifier.change_password(session.account(), std::move(current), std::move(fresh),
                                                           session.id(), visitor.address());
    say_outcome(visitor, changed);
    co_return std::nullopt;
}

task<outcome> log_out(peer& visitor, house const& house, sessions::session const& session,
                      protocol::logout const& asked)
{
    result<void> ended;
    if (asked.scope == protocol::logout_scope::account) {
        ended = co_await house.registry.revoke_all(session.account());
    } else {
        ended = co_await house.registry.revoke(session.account(), session.id());
    }
    if (!say_outcome(visitor, ended)) co_return std::nullopt;
    co_return ending::by_us(code::normal, "logged out");
}

task<outcome> list_sessions(peer& visitor, house const& house, sessions::session const& session)
{
    auto listed = co_await house.registry.list(session.account());
    if (!listed) {
        visitor.deny(listed.error());
        co_return std::nullopt;
    }
    protocol::sessions answer;
    auto const count = std::min<std::size_t>(listed->size(), std::numeric_limits<std::uint16_t>::max());
    for (auto const& each : std::span{*listed}.first(count)) {
        answer.entries.push_back({static_cast<std::uint64_t>(each.id), base::seconds_since_epoch(each.created_at),
                                  base::seconds_since_epoch(each.last_used_at),
                                  base::seconds_since_epoch(each.expires_at), each.address, each.id == session.id()});
    }
    visitor.say(answer);
    co_return std::nullopt;
}

task<outcome> revoke(peer& visitor, house const& house, sessions::session const& session,
                     protocol::revoke_session const& asked)
{
    if (asked.id > static_cast<std::uint64_t>(std::numeric_limits<store::session_id>::max())) {
        visitor.deny(failure{code::not_found, "no such session"});
        co_return std::nullopt;
    }
    auto const id = static_cast<store::session_id>(asked.id);
    auto revoked = co_await house.registry.revoke(session.account(), id);
    if (say_outcome(visitor, revoked) && id == session.id()) co_return ending::by_us(code::session_ended, "revoked");
    co_return std::nullopt;
}

bool opens_access(protocol::request const& asked)
{
    return std::holds_alternative<protocol::register_account>(asked) ||
           std::holds_alternative<protocol::login>(asked) || std::holds_alternative<protocol::resume>(asked);
}

}  // namespace

task<outcome> answer_request(peer& visitor, house const& house, guest& who, protocol::request const& asked)
{
    if (auto const* name = std::get_if<protocol::identify>(&asked)) {
        if (house.rules.access != protocol::access_mode::identify) {
            co_return ending::by_us(code::protocol_error, "identify has no place here");
        }
        auto answered = co_await rename(visitor, house, who, *name);
        co_return answered;
    }
    if (!who.session) {
        visitor.deny(failure{code::not_supported, "this server keeps no accounts"});
        co_return std::nullopt;
    }
    if (opens_access(asked)) co_return ending::by_us(code::protocol_error, "access was granted already");

    auto const& session = *who.session;
    outcome answered;
    if (auto const* change = std::get_if<protocol::change_password>(&asked)) {
        answered = co_await change_password(visitor, house, session, *change);
    } else if (auto const* logout = std::get_if<protocol::logout>(&asked)) {
        answered = co_await log_out(visitor, house, session, *logout);
    } else if (auto const* one = std::get_if<protocol::revoke_session>(&asked)) {
        answered = co_await revoke(visitor, house, session, *one);
    } else {
        answered = co_await list_sessions(visitor, house, session);
    }
    co_return answered;
}

}  // namespace porter::rooms::server
