#include "bench/target.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <random>

namespace porter::detail::bench {

namespace {

using protocol::access_mode;

/// As many hexadecimal digits from the machine's random source.
std::string random_digits(std::size_t count)
{
    std::random_device source;
    std::string digits;
    while (digits.size() < count) digits += "0123456789abcdef"[source() % 16];
    return digits;
}

/// Goes through the door and waits for each step.
result<login, fault> enter(route const& along, access_request asked, std::chrono::milliseconds timeout)
{
    auto through = channel::connect(along);
    if (!through) return unexpected(through.error());
    login visit{std::move(asked)};
    auto const deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        auto const events = through->wants_to_write() ? POLLIN | POLLOUT : POLLIN;
        ::pollfd wanted{through->number(), static_cast<short>(events), 0};
        auto const ready = ::poll(&wanted, 1, static_cast<int>(std::max(left.count(), decltype(left.count()){0})));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return unexpected(fault{fault::kind::timed_out, "no answer from the server in time"});
        if (auto failed = visit.advance(*through)) return unexpected(std::move(*failed));
        if (visit.now() == login::state::granted) return visit;
    }
}

/// How many accounts to register for visitors of this many connections.
unsigned accounts_for(config const& wanted)
{
    if (wanted.accounts != 0) return wanted.accounts;
    auto const most = *std::ranges::max_element(wanted.connections);
    // A session takes any number of connections. A login is a try, and few tries for an account may be undecided at
    // once.
    if (wanted.mode == mode::login) return (most + 1) / 2;
    // Of several at one address each would be written down as the one last seen there.
    return wanted.mode == mode::resume ? 1 : std::min(most, 8U);
}

}  // namespace

target::target(config const& wanted, endpoint const& where, std::shared_ptr<tls::client_context const> secure,
               login const& seen)
    : mode_(wanted.mode),
      host_(wanted.host),
      endpoints_(where),
      secure_(std::move(secure)),
      access_(seen.access()),
      max_frame_(seen.max_frame()),
      server_(seen.server()),
      run_(random_digits(8)),
      password_(random_digits(24)),
      first_source_(std::random_device{}())
{}

result<target, fault> target::set_up(config const& wanted, void (*tell)(unsigned made, unsigned of))
{
    auto const places = look_up(wanted.host, wanted.port);
    if (!places) return unexpected(places.error());
    std::shared_ptr<tls::client_context const> secure;
    if (wanted.secure) secure = std::make_shared<tls::client_context const>();
    std::optional<fault> failed{{fault::kind::unreachable, "the host has no address"}};
    for (auto const& where : *places) {
        if (!wanted.secure && !wanted.plain && !where.is_loopback()) {
            failed = fault{fault::kind::refused, "another machine: --tls goes there encrypted, --plain unencrypted"};
            continue;
        }
        auto const seen = enter(route{where, {}, secure.get(), wanted.host}, {}, wanted.timeout);
        if (!seen) {
            failed = seen.error();
            continue;
        }
        target made{wanted, where, secure, *seen};
        failed = made.validation_error(wanted);
        if (failed) break;
        auto const count = made.needs_accounts() ? accounts_for(wanted) : 0;
        for (unsigned i = 0; i < count; ++i) {
            tell(i, count);
            account added{"bench " + made.run_ + " account " + std::to_string(i), made.password_, {}};
            route const along{where, {}, secure.get(), wanted.host};
            auto const in =
                enter(along, {access_request::kind::register_account, added.name, added.password}, wanted.timeout);
            if (!in) return unexpected(in.error());
            added.token = in->token();
            made.accounts_.push_back(std::move(added));
        }
        return made;
    }
    return unexpected(std::move(*failed));
}

std::optional<fault> target::validation_error(config const& wanted) const
{
    auto const no = [](std::string reason) { return fault{fault::kind::refused, std::move(reason)}; };
    if (mode_ == mode::login && access_ != access_mode::authenticate) {
        return no("logins need a server with --access authenticate");
    }
    if (mode_ == mode::register_ && access_ == access_mode::open) {
        return no("there is nothing to register in open access");
    }
    if (mode_ == mode::register_ && access_ == access_mode::identify &&
        !(endpoints_.is_ipv4() && endpoints_.is_loopback())) {
        return no("names are given by address: a measurement of it needs the server on 127.0.0.1");
    }
    if (wanted.payload + 1 > max_frame_) {
        return no("the server takes at most " + std::to_string(max_frame_ - 1) + " bytes in a message");
    }
    return std::nullopt;
}

bool target::needs_accounts() const noexcept
{
    return access_ == access_mode::authenticate && mode_ != mode::register_;
}

std::string target::unused_name(std::uint64_t number) const
{
    return "bench " + run_ + ' ' + std::to_string(number);
}

access_request target::access_request_of(std::uint64_t visit) const
{
    if (access_ == access_mode::open) return {access_request::kind::open, {}, {}};
    if (access_ == access_mode::identify) return {access_request::kind::identify, unused_name(visit), {}};
    if (mode_ == mode::register_) return {access_request::kind::register_account, unused_name(visit), password_};
    auto const& who = accounts_[visit % accounts_.size()];
    if (mode_ == mode::login) return {access_request::kind::login, who.name, who.password};
    return {access_request::kind::resume, {}, who.token};
}

route target::route_of(std::uint64_t visit) const
{
    route along{endpoints_, {}, secure_.get(), host_};
    if (mode_ == mode::register_ && access_ == access_mode::identify) {
        along.from = loopback_source(first_source_ + static_cast<std::uint32_t>(visit));
    }
    return along;
}

}  // namespace porter::detail::bench
