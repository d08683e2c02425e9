#include "server/account_requests.hpp"

#include <algorithm>
#include <limits>

namespace porter::rooms::server {
namespace {

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
task<void> rename(peer& visitor, house const& house, guest& who, protocol::identify const& asked)
{
    auto renamed = co_await house.directory.introduce(visitor.address(), std::string{asked.name});
    if (!renamed) {
        visitor.deny(renamed.error());
        co_return;
    }
    who.name = renamed->name();
    who.via = via::identify;
    protocol::granted granted;
    granted.via = protocol::via::identify;
    granted.name = who.name;
    visitor.say(granted);
}

task<void> change_password(peer& visitor, house const& house, guest const& who, protocol::change_password const& asked)
{
    base::secret current{asked.current};
    base::secret fresh{asked.fresh};
    auto changed = co_await house.verifier.change_password(who.account, std::move(current), std::move(fresh),
                                                           who.session, visitor.address());
    say_outcome(visitor, changed);
}

task<void> log_out(peer& visitor, house const& house, guest const& who, protocol::logout const& asked)
{
    result<void> ended;
    if (asked.scope == protocol::logout_scope::account) {
        ended = co_await house.registry.revoke_all(who.account, store::ending_cause::logout);
    } else {
        ended = co_await house.registry.revoke(who.account, who.session, store::ending_cause::logout);
    }
    if (say_outcome(visitor, ended)) visitor.end(ending::by_us(code::normal, "logged out"));
}

task<void> list_sessions(peer& visitor, house const& house, guest const& who)
{
    auto listed = co_await house.registry.list(who.account);
    if (!listed) {
        visitor.deny(listed.error());
        co_return;
    }
    protocol::sessions answer;
    auto const count = std::min<std::size_t>(listed->size(), std::numeric_limits<std::uint16_t>::max());
    for (auto const& each : std::span{*listed}.first(count)) {
        answer.entries.push_back({static_cast<std::uint64_t>(each.id), base::seconds_since_epoch(each.created_at),
                                  base::seconds_since_epoch(each.last_used_at),
                                  base::seconds_since_epoch(each.expires_at), each.address, each.id == who.session});
    }
    visitor.say(answer);
}

task<void> revoke(peer& visitor, house const& house, guest const& who, protocol::revoke_session const& asked)
{
    if (asked.id > static_cast<std::uint64_t>(std::numeric_limits<store::session_id>::max())) {
        visitor.deny(failure{code::not_found, "no such session"});
        co_return;
    }
    auto const id = static_cast<store::session_id>(asked.id);
    auto revoked = co_await house.registry.revoke(who.account, id);
    if (say_outcome(visitor, revoked) && id == who.session) {
        visitor.end(ending::by_us(code::session_ended, "revoked"));
    }
}

bool opens_access(protocol::request const& asked)
{
    return std::holds_alternative<protocol::register_account>(asked) ||
           std::holds_alternative<protocol::login>(asked) || std::holds_alternative<protocol::resume>(asked);
}

}  // namespace

task<void> answer_request(peer& visitor, house const& house, guest& who, protocol::request const& asked)
{
    if (auto const* name = std::get_if<protocol::identify>(&asked)) {
        if (house.rules.access == protocol::access_mode::identify) {
            co_await rename(visitor, house, who, *name);
        } else {
            visitor.end(ending::by_us(code::protocol_error, "identify has no place here"));
        }
    } else if (who.session == 0) {
        visitor.deny(failure{code::not_supported, "this server keeps no accounts"});
    } else if (opens_access(asked)) {
        visitor.end(ending::by_us(code::protocol_error, "access was granted already"));
    } else if (auto const* change = std::get_if<protocol::change_password>(&asked)) {
        co_await change_password(visitor, house, who, *change);
    } else if (auto const* logout = std::get_if<protocol::logout>(&asked)) {
        co_await log_out(visitor, house, who, *logout);
    } else if (auto const* one = std::get_if<protocol::revoke_session>(&asked)) {
        co_await revoke(visitor, house, who, *one);
    } else {
        co_await list_sessions(visitor, house, who);
    }
}

}  // namespace porter::rooms::server
