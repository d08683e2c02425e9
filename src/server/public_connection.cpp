// porter::connection and porter::batch: the face of an exchange that services see.
#include "porter/connection.hpp"

#include "server/message_loop.hpp"

namespace porter {

batch::iterator batch::begin() const noexcept
{
    return {*source_, &source_->current()};
}

batch::iterator& batch::iterator::operator++()
{
    current_ = source_->next();
    return *this;
}

std::string_view connection::name() const noexcept
{
    return loop_->client().name;
}

std::string_view connection::address() const noexcept
{
    return loop_->conn().address().text();
}

porter::auth_method connection::auth_method() const noexcept
{
    return loop_->client().auth_method;
}

std::uint64_t connection::session() const noexcept
{
    return static_cast<std::uint64_t>(loop_->conn().session());
}

task<std::optional<batch>> connection::receive_some()
{
    return loop_->receive_some();
}

message const* connection::next()
{
    return loop_->next();
}

task<std::optional<message>> connection::receive()
{
    auto messages = co_await receive_some();
    if (!messages) co_return std::nullopt;
    co_return *messages->begin();
}

task<std::optional<std::string>> connection::receive_text()
{
    for (;;) {
        auto arrived = co_await receive();
        if (!arrived) co_return std::nullopt;
        if (arrived->is_text()) co_return std::string{arrived->body};
        loop_->deny_unsupported();
    }
}

void connection::reply(message const& answer)
{
    loop_->reply(answer);
}

void connection::reply(std::string_view body)
{
    loop_->reply(message{message_kind::text, body});
}

task<bool> connection::send(std::string body)
{
    reply(body);
    auto written = co_await loop_->flush();
    co_return written;
}

task<bool> connection::send(message answer)
{
    reply(answer);
    auto written = co_await loop_->flush();
    co_return written;
}

}  // namespace porter
