#include "porter/persistent_client.hpp"

#include <algorithm>
#include <utility>

#include "client/persistent_connection.hpp"

namespace porter {

namespace {

using detail::client::persistent_connection;
using impl_ptr = std::shared_ptr<persistent_connection>;
using time_point = persistent_connection::time_point;

constexpr std::chrono::hours max_limit = std::chrono::days{365};  // clock arithmetic must not overflow

time_point deadline_after(std::chrono::nanoseconds limit)
{
    return std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(limit, max_limit);
}

task<std::optional<message>> receive_message(impl_ptr impl)
{
    auto received = co_await persistent_connection::receive(std::move(impl), time_point::max());
    if (!received) co_return std::nullopt;
    co_return *received;
}

task<std::optional<std::string>> receive_next_text(impl_ptr impl)
{
    auto received = co_await persistent_connection::receive_text(std::move(impl), time_point::max());
    if (!received) co_return std::nullopt;
    co_return std::move(*received);
}

}  // namespace

persistent_client::persistent_client(io_executor executor, std::string host, std::uint16_t port,
                                     persistent_client_options options)
    : persistent_client(persistent_connection::start(
          std::make_shared<persistent_connection>(executor, std::move(host), port, std::move(options))))
{}

persistent_client::persistent_client(io_executor executor, std::shared_ptr<client> first, std::string host,
                                     std::uint16_t port, persistent_client_options options)
    : persistent_client(persistent_connection::start(
          std::make_shared<persistent_connection>(executor, std::move(host), port, std::move(options)),
          std::move(first)))
{}

persistent_client::persistent_client(impl_ptr impl) : impl_(std::move(impl)) {}

persistent_client::persistent_client(persistent_client&&) noexcept = default;

persistent_client& persistent_client::operator=(persistent_client&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->drop();
    impl_ = std::move(other.impl_);
    return *this;
}

persistent_client::~persistent_client()
{
    if (impl_) impl_->drop();
}

client_state const& persistent_client::state() const noexcept
{
    return impl_->state();
}

client_error const* persistent_client::ended() const noexcept
{
    return impl_->ended();
}

task<std::shared_ptr<client>> persistent_client::connected()
{
    return persistent_connection::connected(impl_);
}

task<void> persistent_client::closed()
{
    return persistent_connection::wait_until_ended(impl_);
}

// The send calls are plain functions, so the message is copied before anything can suspend.

task<client_result<std::uint64_t>> persistent_client::send(std::string_view text)
{
    return persistent_connection::send(impl_, message_kind::text, std::string{text});
}

task<client_result<std::uint64_t>> persistent_client::send(message const& outgoing)
{
    return persistent_connection::send(impl_, outgoing.kind, std::string{outgoing.body});
}

task<client_result<std::uint64_t>> persistent_client::send_data(std::string_view bytes)
{
    return persistent_connection::send(impl_, message_kind::data, std::string{bytes});
}

task<std::optional<message>> persistent_client::receive()
{
    return receive_message(impl_);
}

task<result<message, receive_errc>> persistent_client::receive_for(std::chrono::nanoseconds limit)
{
    return persistent_connection::receive(impl_, deadline_after(limit));
}

task<std::optional<std::string>> persistent_client::receive_text()
{
    return receive_next_text(impl_);
}

task<result<std::string, receive_errc>> persistent_client::receive_text_for(std::chrono::nanoseconds limit)
{
    return persistent_connection::receive_text(impl_, deadline_after(limit));
}

std::uint64_t persistent_client::received_on() const noexcept
{
    return impl_->received_on();
}

task<void> persistent_client::close()
{
    return persistent_connection::close(impl_);
}

}  // namespace porter
