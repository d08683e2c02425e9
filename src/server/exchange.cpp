#include "server/exchange.hpp"

#include "server/account_requests.hpp"

namespace porter::rooms::server {

void exchange::report_escaped(std::exception_ptr what)
{
    try {
        std::rethrow_exception(std::move(what));
    } catch (std::system_error const& escaped) {
        // What the service waited for was cut short because the connection ends: that is no mistake of the service's.
        bool const cut_short = peer_.ended() && escaped.code() == asio::error::operation_aborted;
        if (!cut_short) note_defect(escaped.what());
    } catch (std::exception const& escaped) {
        note_defect(escaped.what());
    } catch (...) {
        note_defect("not a std::exception");
    }
}

void exchange::note_defect(std::string_view what)
{
    auto const& from = peer_.address();
    house_.log.error("defect",
                     {{"address", from.text()}, {"connection", from.connection()}, log::quoted("what", what)});
    peer_.end(ending::by_us(code::internal, "the service failed"));
}

message const* exchange::next()
{
    // Nothing more is taken up while the output is full: a flood of small requests with large answers costs its sender.
    while (!waiting_ && !peer_.output_full()) {
        auto const frame = peer_.next();
        if (!frame) return nullptr;
        if (auto const* message = take_up(*frame)) return message;
    }
    return nullptr;
}

message const* exchange::take_up(base::bytes_view frame)
{
    if (auto const body = protocol::text_body(frame)) {
        current_ = {message::kind::text, *body};
        return &current_;
    }
    auto const request = protocol::decode_request(frame);
    if (!request) {
        peer_.end(ending::by_us(request.error()));
    } else if (auto const* data = std::get_if<protocol::data>(&*request)) {
        current_ = {message::kind::data, base::as_text(data->body)};
        return &current_;
    } else if (auto const* ping = std::get_if<protocol::ping>(&*request)) {
        peer_.say(protocol::pong{ping->body});
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        peer_.end(ending::by_peer());
    } else if (!std::holds_alternative<protocol::pong>(*request)) {
        waiting_ = std::make_unique<protocol::request>(
            *request);  // its views stay valid: nothing is read before it is answered
    }
    return nullptr;
}

task<std::optional<batch>> exchange::receive_some()
{
    for (;;) {
        if (next() != nullptr) co_return batch{*this};
        if (peer_.ended()) co_return std::nullopt;
        bool const is_full = peer_.output_full();  // then there may be more to take up, once it is written
        if (waiting_) {
            auto const is_there = co_await peer_.flush_before_wait();
            if (is_there) co_await answer_request(peer_, house_, guest_, *waiting_);
            waiting_.reset();
        } else if (!peer_.write_at_once()) {
            co_await peer_.flush();
        } else if (!is_full) {
            current_ = {};
            co_await peer_.read();
            peer_.came();
        }
    }
}

/// Whether this is the message that was taken up last, which then stands in the input as it came: behind its kind.
bool exchange::is_current(message const& answer) const noexcept
{
    return !answer.body.empty() && answer.what == current_.what && answer.body.data() == current_.body.data() &&
           answer.body.size() == current_.body.size();
}

void exchange::reply(message const& answer)
{
    static_assert(static_cast<int>(message::kind::text) == static_cast<int>(protocol::kind::text));
    static_assert(static_cast<int>(message::kind::data) == static_cast<int>(protocol::kind::data));
    if (peer_.ended()) return;
    if (is_current(answer)) return peer_.echo({base::as_bytes(current_.body).data() - 1, current_.body.size() + 1});
    peer_.say(static_cast<protocol::kind>(answer.what), answer.body);
}

task<bool> exchange::flush()
{
    return peer_.flush();
}

void exchange::deny_message()
{
    peer_.deny(failure{code::not_supported, "this service takes texts only"});
}

}  // namespace porter::rooms::server
