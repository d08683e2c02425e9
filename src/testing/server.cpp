#include "porter/testing/server.hpp"

#include <stdexcept>
#include <utility>

#include "base/access_code.hpp"
#include "base/text.hpp"
#include "identity/address.hpp"
#include "library/data_dir.hpp"
#include "library/options.hpp"
#include "library/server_impl.hpp"
#include "testing/plain_hash.hpp"

namespace porter::testing {

namespace base = detail::base;
namespace library = detail::library;

namespace {

/// The counts of the hashes, which are for the tests of Porter itself.
hash_counts& uncounted()
{
    static hash_counts counts;
    return counts;
}

}  // namespace

server_options test_options(porter::access access)
{
    server_options options;
    options.port = 0;
    options.tls = tls_mode::off;
    options.access = access;
    options.hash_threads = 1;
    return options;
}

server::server(asio::io_context& io, service handler, server_options options)
    : server(io, std::move(handler), std::move(options), source::network)
{}

server::server(asio::io_context& io, service handler, server_options options, source connections)
    : porter::server(make(io, std::move(handler), std::move(options), connections))
{}

server::~server() = default;

std::unique_ptr<porter::server::impl> server::make(asio::io_context& io, service handler, server_options options,
                                                   source connections)
{
    server_parts parts;
    parts.logger = &log();
    parts.clock = &clock();
    parts.store.emplace(store().ports());
    library::internal_parts internal;
    internal.hash = std::make_unique<plain_hash>(uncounted());
    internal.is_listening = connections == source::network;
    auto const checked = library::prepare_data_dir(library::checked(std::move(options)), parts);
    return std::make_unique<impl>(io, checked, std::move(handler), parts, std::move(internal));
}

porter::client_options server::client_options()
{
    porter::client_options options;
    options.transport = transport::plain;
    return options;
}

void server::advance(std::chrono::seconds by)
{
    clock().advance(by);
    check_timeouts();
}

void server::check_timeouts()
{
    get().server.check_timeouts();
}

store::account_id server::add_account(std::string_view name, std::string_view password)
{
    auto const valid = base::normalise_new_name(name);
    if (!valid) throw std::invalid_argument{"add_account: " + valid.error()};
    auto const secret = base::normalise_password(password);
    if (!secret) throw std::invalid_argument{"add_account: " + secret.error()};
    store::account fresh;
    fresh.name = *valid;
    fresh.folded_name = base::fold_name(*valid);
    fresh.password_hash = *plain_hash{uncounted()}.make(secret->view());
    fresh.created_at = clock().now();
    auto const added = store().add(fresh);
    if (!added) throw std::invalid_argument{"add_account: the name is taken"};
    return added->id;
}

std::string server::add_invitation(std::string_view name, std::uint32_t uses)
{
    store::invitation fresh;
    if (!name.empty()) {
        auto const valid = base::normalise_new_name(name);
        if (!valid) throw std::invalid_argument{"add_invitation: " + valid.error()};
        fresh.folded_name = base::fold_name(*valid);
    }
    auto const code = base::make_access_code();
    fresh.code = *base::digest_of_access_code(code.view());
    fresh.uses = uses;
    fresh.expires_at = clock().now() + std::chrono::days{1};
    store().add(fresh);
    return std::string{code.view()};
}

std::string server::add_reset(store::account_id account)
{
    auto const code = base::make_access_code();
    store().add(store::password_reset{*base::digest_of_access_code(code.view()), account,
                                      clock().now() + std::chrono::days{1}});
    return std::string{code.view()};
}

void server::adopt(int descriptor, std::string const& address)
{
    auto const from = detail::identity::address::parse(address);
    if (!from) throw std::invalid_argument{"not an IP address: " + address};
    get().server.adopt(descriptor, *from);
}

}  // namespace porter::testing
