#include "server/exchange.hpp"

#include "server/account_requests.hpp"

namespace porter::rooms::server {

task<ending> exchange::run()
{
    connection face{*this};
    try {
        co_await house_.talk(face);
    } catch (std::system_error const& escaped) {
        // What the service waited for was cut short because the connection ends: that is no mistake of the service's.
        bool const cut_short = peer_.interrupted() && escaped.code() == asio::error::operation_aborted;
        if (!cut_short) note_defect(escaped.what());
    } catch (std::exception const& escaped) {
        note_defect(escaped.what());
    } catch (...) {
        note_defect("not a std::exception");
    }
    if (!ended_) ended_ = peer_.interrupted();
    if (ended_) co_return *ended_;
    co_return ending::by_us(code::normal);
}

/// A service is other people's code: what escapes it ends this connection, never the server.
void exchange::note_defect(std::string_view what)
{
    auto const& from = peer_.address();
    house_.log.error("defect",
                     {{"address", from.text()}, {"connection", from.connection()}, log::quoted("what", what)});
    ended_ = ending::by_us(code::internal, "the service failed");
}

message const* exchange::next()
{
    // Nothing more is taken up while the output is full: a flood of small requests with large answers costs its sender.
    while (!ended_ && !waiting_ && !peer_.output_full()) {
        auto const frame = peer_.next(ended_);
        if (!frame) return nullptr;
        auto const request = protocol::decode_request(*frame);
        if (!request) {
            ended_ = ending::by_us(request.error());
        } else if (auto const* message = take_up(*request)) {
            return message;
        }
    }
    return nullptr;
}

message const* exchange::take_up(protocol::request const& request)
{
    if (auto const* text = std::get_if<protocol::text>(&request)) {
        current_ = {message::kind::text, text->body};
        return &current_;
    }
    if (auto const* data = std::get_if<protocol::data>(&request)) {
        current_ = {message::kind::data, base::as_text(data->body)};
        return &current_;
    }
    if (auto const* ping = std::get_if<protocol::ping>(&request)) {
        peer_.say(protocol::pong{ping->body});
    } else if (std::holds_alternative<protocol::closing>(request)) {
        ended_ = ending::by_peer();
    } else if (!std::holds_alternative<protocol::pong>(request)) {
        waiting_ = request;  // its views stay valid: nothing is read before it is answered
    }
    return nullptr;
}

task<std::optional<batch>> exchange::receive_some()
{
    for (;;) {
        // Looked at for each request too: what came in one read must not go on being served after an ending.
        if (!ended_) ended_ = peer_.interrupted();
        if (auto const* first = next()) co_return batch{*this, first};
        if (ended_) co_return std::nullopt;
        if (waiting_) {
            co_await answer_waiting();
        } else if (peer_.output_full()) {
            ended_ = co_await peer_.flush();
        } else {
            ended_ = co_await peer_.fill();
        }
    }
}

task<void> exchange::answer_waiting()
{
    auto answered = co_await answer_request(peer_, house_, guest_, *waiting_);
    waiting_.reset();
    if (answered) ended_ = answered;
}

void exchange::reply(message const& answer)
{
    if (ended_) return;
    if (answer.is_text()) {
        peer_.say(protocol::text{answer.body});
    } else {
        peer_.say(protocol::data{base::as_bytes(answer.body)});
    }
}

task<bool> exchange::flush()
{
    if (ended_) co_return false;
    ended_ = co_await peer_.flush();
    co_return !ended_;
}

void exchange::deny_message()
{
    peer_.deny(failure{code::not_supported, "this service takes texts only"});
}

}  // namespace porter::rooms::server
