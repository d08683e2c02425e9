#include "porter/testing/service_test.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/first_exception.hpp"
#include "identity/address.hpp"
#include "testing/scripted_client.hpp"
#include "testing/service_test_impl.hpp"

namespace porter::testing {

using std::chrono::steady_clock;

namespace {

/// The address of a client that has none: one of the network for benchmarks (RFC 2544).
std::string address_of(std::uint32_t client)
{
    auto const byte = [&](unsigned shift) { return std::to_string(client >> shift & 0xff); };
    return "198." + std::to_string(18 + (client >> 16 & 1)) + "." + byte(8) + "." + byte(0);
}

bool is_cancellation(std::exception_ptr const& thrown)
{
    try {
        std::rethrow_exception(detail::base::first_exception(thrown));
    } catch (std::system_error const& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace

service_test::impl::impl(service tested, server_options options)
    : handler(std::move(tested)),
      server(
          *io, [this](connection& client) { return run(start_pending(client.id()), client); }, std::move(options),
          testing::server::source::descriptors)
{
    if (!handler) throw std::invalid_argument{"porter::testing::service_test: the handler is empty"};
}

task<void> service_test::impl::run(std::shared_ptr<service_run> record, connection& client)
{
    struct end_guard {
        ~end_guard()
        {
            test.change([this] { record.has_ended = true; });
        }
        impl& test;
        service_run& record;
    } const end{*this, *record};
    try {
        co_await handler(client);
    } catch (...) {
        change([&] { record->thrown = std::current_exception(); });
        throw;
    }
}

/// Changes a record, and wakes the test's thread.
template <typename Change>
void service_test::impl::change(Change const& apply)
{
    {
        std::lock_guard const lock{mutex};
        apply();
    }
    asio::post(*io, [] {});
}

std::shared_ptr<service_run> service_test::impl::start_pending(std::uint64_t connection)
{
    std::shared_ptr<service_run> record;
    change([&] {
        record = pending;
        record->has_started = true;
        record->connection = connection;
    });
    return record;
}

bool service_test::impl::has_started(service_run const& record)
{
    std::lock_guard const lock{mutex};
    return record.has_started;
}

bool service_test::impl::has_ended(service_run const& record)
{
    std::lock_guard const lock{mutex};
    return record.has_ended;
}

std::exception_ptr service_test::impl::take_exception()
{
    std::lock_guard const lock{mutex};
    auto const found = std::ranges::find_if(runs, [&](auto const& each) { return each->thrown && is_defect(*each); });
    if (found == runs.end()) return nullptr;
    auto const thrown = std::exchange((*found)->thrown, nullptr);
    return is_cancellation(thrown) ? thrown : detail::base::first_exception(thrown);
}

/// The server knows which cancellations are expected, at the end of a connection: it does not log these.
bool service_test::impl::is_defect(service_run const& record)
{
    if (!is_cancellation(record.thrown)) return true;
    auto const number = std::to_string(record.connection);
    auto const defects = server.log().events("defect");
    return std::ranges::any_of(defects, [&](auto const& each) { return each.field("connection") == number; });
}

bool service_test::impl::run_until(std::function<bool()> const& condition)
{
    auto const deadline = steady_clock::now() + limit;
    while (!condition()) {
        if (io->stopped()) io->restart();
        if (io->run_one_until(deadline) == 0) return condition();
    }
    return true;
}

bool service_test::impl::poll()
{
    auto const deadline = steady_clock::now() + limit;
    if (io->stopped()) io->restart();
    while (io->poll() != 0) {
        if (steady_clock::now() >= deadline) return false;
    }
    return true;
}

void service_test::impl::run_ready()
{
    if (!poll()) throw test_error{"the service does not come to rest"};
    if (auto const thrown = take_exception()) std::rethrow_exception(thrown);
}

void service_test::impl::wait_until(std::function<bool()> const& condition, std::string_view awaited)
{
    std::exception_ptr thrown;
    bool const has_come = run_until([&] {
        thrown = take_exception();
        return thrown || condition();
    });
    if (thrown) std::rethrow_exception(thrown);
    if (has_come) return;
    throw test_error{"waited " + std::to_string(limit.count()) + " ms for " + std::string{awaited}};
}

service_test::service_test(service handler, server_options options)
    : impl_(std::make_unique<impl>(std::move(handler), std::move(options)))
{}

service_test::~service_test() noexcept(false)
{
    impl_->poll();  // the services get what was sent
    impl_->server.stop();
    bool const has_ended = impl_->run_until([this] { return impl_->server.connection_count() == 0; });
    if (!has_ended) std::fputs("porter::testing::service_test: a service does not return when it is stopped\n", stderr);
    auto const thrown = impl_->take_exception();
    if (thrown && std::uncaught_exceptions() == impl_->exceptions_in_flight) std::rethrow_exception(thrown);
}

service_test::client service_test::connect(std::string name, std::string address)
{
    if (address.empty()) address = address_of(++impl_->clients);
    if (!detail::identity::address::parse(address)) throw std::invalid_argument{"not an IP address: " + address};
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw std::system_error{errno, std::generic_category(), "socketpair"};
    }
    auto made = std::make_shared<client::state>(*impl_, std::move(name), ends[0]);
    made->run = std::make_shared<service_run>();
    {
        std::lock_guard const lock{impl_->mutex};
        impl_->pending = made->run;
        impl_->runs.push_back(made->run);
    }
    impl_->server.adopt(ends[1], address);
    client connected{made};
    made->get_access();
    auto const has_started = [&] { return impl_->has_started(*made->run); };
    impl_->wait_until(has_started, "the service of " + made->name + " to start");
    return connected;
}

void service_test::wait_until(std::function<bool()> const& condition, std::string_view awaited)
{
    impl_->wait_until(condition, awaited);
}

void service_test::run_ready()
{
    impl_->run_ready();
}

void service_test::advance(std::chrono::seconds by)
{
    impl_->server.advance(by);
    run_ready();
}

std::chrono::milliseconds service_test::limit() const noexcept
{
    return impl_->limit;
}

void service_test::set_limit(std::chrono::milliseconds limit) noexcept
{
    impl_->limit = limit;
}

testing::server& service_test::server() noexcept
{
    return impl_->server;
}

asio::io_context& service_test::io() noexcept
{
    return *impl_->io;
}

}  // namespace porter::testing
