// porter::connection and porter::batch: the face of an exchange that services see.
#include "porter/connection.hpp"

#include "server/exchange.hpp"

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
    return exchange_->who().name;
}

std::string_view connection::address() const noexcept
{
    return exchange_->from().address().text();
}

porter::via connection::via() const noexcept
{
    return exchange_->who().via;
}

std::uint64_t connection::session() const noexcept
{
    return static_cast<std::uint64_t>(exchange_->from().session());
}

task<std::optional<batch>> connection::receive_some()
{
    return exchange_->receive_some();
}

message const* connection::next()
{
    return exchange_->next();
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
        exchange_->deny_message();
    }
}

void connection::reply(message const& answer)
{
    exchange_->reply(answer);
}

void connection::reply(std::string_view body)
{
    exchange_->reply(message{message::kind::text, body});
}

task<bool> connection::send(std::string body)
{
    reply(body);
    auto written = co_await exchange_->flush();
    co_return written;
}

task<bool> connection::send(message answer)
{
    reply(answer);
    auto written = co_await exchange_->flush();
    co_return written;
}

}  // namespace porter
