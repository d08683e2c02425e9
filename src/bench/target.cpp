#include "bench/target.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <random>

namespace porter::detail::bench {

namespace {

using protocol::access_mode;

/// Hexadecimal digits from the system's random source.
std::string random_digits(std::size_t count)
{
    std::random_device source;
    std::string digits;
    while (digits.size() < count) digits += "0123456789abcdef"[source() % 16];
    return digits;
}

/// Connects and logs in; blocks.
result<login, fault> log_in(route const& route, access_request request, std::chrono::milliseconds timeout)
{
    auto connection = channel::connect(route);
    if (!connection) return unexpected(connection.error());
    login login{std::move(request)};
    auto const deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        auto const remaining =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        auto const events = connection->wants_to_write() ? POLLIN | POLLOUT : POLLIN;
        ::pollfd event{connection->number(), static_cast<short>(events), 0};
        auto const ready =
            ::poll(&event, 1, static_cast<int>(std::max(remaining.count(), decltype(remaining.count()){0})));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return unexpected(fault{fault_kind::timed_out, "no answer from the server in time"});
        if (auto error = login.advance(*connection)) return unexpected(std::move(*error));
        if (login.current_state() == login::state::granted) return login;
    }
}

/// The number of accounts to register.
unsigned accounts_for(config const& config)
{
    if (config.accounts != 0) return config.accounts;
    auto const connections = *std::ranges::max_element(config.connections);
    // Only a few login attempts of an account may be pending at once.
    if (config.mode == mode::login) return (connections + 1) / 2;
    // A session may have any number of connections. With several accounts each resume would also change the name known
    // for the address.
    return config.mode == mode::resume ? 1 : std::min(connections, 8U);
}

}  // namespace

target::target(bench::config const& config, bench::endpoint const& endpoint,
               std::shared_ptr<tls::client_context const> tls, login const& probe)
    : mode_(config.mode),
      host_(config.host),
      endpoint_(endpoint),
      tls_(std::move(tls)),
      access_(probe.access()),
      max_frame_(probe.max_frame()),
      server_(probe.server()),
      run_(random_digits(8)),
      password_(random_digits(24)),
      first_source_(std::random_device{}())
{}

result<target, fault> target::set_up(bench::config const& config, void (*on_register)(unsigned index, unsigned count))
{
    auto const endpoints = resolve(config.host, config.port);
    if (!endpoints) return unexpected(endpoints.error());
    std::shared_ptr<tls::client_context const> context;
    if (config.tls) context = std::make_shared<tls::client_context const>();
    std::optional<fault> error{{fault_kind::unreachable, "the host has no address"}};
    for (auto const& endpoint : *endpoints) {
        if (!config.tls && !config.plain && !endpoint.is_loopback()) {
            error = fault{fault_kind::refused, "another machine: use --tls, or --plain to connect unencrypted"};
            continue;
        }
        route route{endpoint, {}, context.get(), config.host};
        auto const probe = log_in(route, {}, config.timeout);
        if (!probe) {
            error = probe.error();
            continue;
        }
        target result{config, endpoint, context, *probe};
        error = result.validation_error(config);
        if (error) break;
        auto const count = result.needs_accounts() ? accounts_for(config) : 0;
        for (unsigned i = 0; i < count; ++i) {
            on_register(i, count);
            account added{"bench " + result.run_ + " account " + std::to_string(i), result.password_, {}};
            route.from = result.source_of_account(i);
            auto const login =
                log_in(route, {request_kind::register_account, added.name, added.password}, config.timeout);
            if (!login) return unexpected(login.error());
            added.token = login->token();
            result.accounts_.push_back(std::move(added));
        }
        return result;
    }
    return unexpected(std::move(*error));
}

std::optional<fault> target::validation_error(bench::config const& config) const
{
    auto const refused = [](std::string reason) { return fault{fault_kind::refused, std::move(reason)}; };
    if (mode_ == mode::login && access_ != access_mode::authenticate) {
        return refused("logins need a server with --access authenticate");
    }
    if (mode_ == mode::register_ && access_ == access_mode::open) {
        return refused("open access has nothing to register");
    }
    if (mode_ == mode::register_ && access_ == access_mode::identify &&
        !(endpoint_.is_ipv4() && endpoint_.is_loopback())) {
        return refused("identify access gives names to addresses: this needs a server on 127.0.0.1");
    }
    if (config.payload + 1 > max_frame_) {
        return refused("the server takes at most " + std::to_string(max_frame_ - 1) + " bytes in a message");
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

access_request target::access_request_of(std::uint64_t number) const
{
    if (access_ == access_mode::open) return {request_kind::open, {}, {}};
    if (access_ == access_mode::identify) return {request_kind::identify, unused_name(number), {}};
    if (mode_ == mode::register_) return {request_kind::register_account, unused_name(number), password_};
    auto const& account = accounts_[number % accounts_.size()];
    if (mode_ == mode::login) return {request_kind::login, account.name, account.password};
    return {request_kind::resume, {}, account.token};
}

std::optional<endpoint> target::source_of_account(std::uint64_t index) const
{
    bool const has_many_sources = endpoint_.is_ipv4() && endpoint_.is_loopback();
    if (!has_many_sources || (mode_ != mode::resume && mode_ != mode::login)) return std::nullopt;
    return loopback_source(first_source_ + static_cast<std::uint32_t>(index));
}

route target::route_of(std::uint64_t number) const
{
    bench::route route{endpoint_, {}, tls_.get(), host_};
    if (mode_ == mode::register_ && access_ == access_mode::identify) {
        route.from = loopback_source(first_source_ + static_cast<std::uint32_t>(number));
    } else if (!accounts_.empty()) {
        route.from = source_of_account(number % accounts_.size());
    }
    return route;
}

}  // namespace porter::detail::bench
