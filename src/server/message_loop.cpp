#include "server/message_loop.hpp"

#include "server/account_requests.hpp"

namespace porter::detail::server {

void message_loop::report_defect(std::exception_ptr what)
{
    try {
        std::rethrow_exception(std::move(what));
    } catch (std::system_error const& escaped) {
        // What the service waited for was cut short because the connection ends: that is no mistake of the service's.
        bool const cut_short = conn_.ended() && escaped.code() == asio::error::operation_aborted;
        if (!cut_short) log_defect(escaped.what());
    } catch (std::exception const& escaped) {
        log_defect(escaped.what());
    } catch (...) {
        log_defect("not a std::exception");
    }
}

void message_loop::log_defect(std::string_view what)
{
    auto const& from = conn_.address();
    ctx_.log.error("defect", {{"address", from.text()}, {"connection", from.connection()}, log::quoted("what", what)});
    conn_.end(close_reason::local(code::internal, "the service failed"));
}

message const* message_loop::next()
{
    // Nothing more is taken up while the output is full: a flood of small requests with large answers costs its sender.
    while (!pending_ && !conn_.is_output_full()) {
        auto const frame = conn_.next();
        if (!frame) return nullptr;
        if (auto const* message = dispatch(*frame)) return message;
    }
    return nullptr;
}

message const* message_loop::dispatch(base::bytes_view frame)
{
    if (auto const body = protocol::text_body(frame)) {
        current_ = {message_kind::text, *body};
        return &current_;
    }
    auto const request = protocol::decode_request(frame);
    if (!request) {
        conn_.end(close_reason::local(request.error()));
    } else if (auto const* data = std::get_if<protocol::data>(&*request)) {
        current_ = {message_kind::data, base::as_text(data->body)};
        return &current_;
    } else if (auto const* ping = std::get_if<protocol::ping>(&*request)) {
        conn_.send(protocol::pong{ping->body});
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        conn_.end(close_reason::peer_closed());
    } else if (!std::holds_alternative<protocol::pong>(*request)) {
        pending_ = std::make_unique<protocol::request>(
            *request);  // its views stay valid: nothing is read before it is answered
    }
    return nullptr;
}

task<std::optional<batch>> message_loop::receive_some()
{
    for (;;) {
        if (next() != nullptr) co_return batch{*this};
        if (conn_.ended()) co_return std::nullopt;
        bool const is_full = conn_.is_output_full();  // then there may be more to take up, once it is written
        if (pending_) {
            auto const is_there = co_await conn_.flush_before_wait();
            if (is_there) co_await answer_request(conn_, ctx_, client_, *pending_);
            pending_.reset();
        } else if (!conn_.try_flush()) {
            co_await conn_.flush();
        } else if (!is_full) {
            current_ = {};
            co_await conn_.wait_for_input();
            conn_.finish_read();
        }
    }
}

/// Whether this is the message that was taken up last, which then stands in the input as it came: behind its kind.
bool message_loop::is_current(message const& answer) const noexcept
{
    return !answer.body.empty() && answer.kind == current_.kind && answer.body.data() == current_.body.data() &&
           answer.body.size() == current_.body.size();
}

void message_loop::reply(message const& answer)
{
    static_assert(static_cast<int>(message_kind::text) == static_cast<int>(protocol::kind::text));
    static_assert(static_cast<int>(message_kind::data) == static_cast<int>(protocol::kind::data));
    if (conn_.ended()) return;
    if (is_current(answer)) return conn_.echo({base::as_bytes(current_.body).data() - 1, current_.body.size() + 1});
    conn_.send(static_cast<protocol::kind>(answer.kind), answer.body);
}

task<bool> message_loop::flush()
{
    return conn_.flush();
}

void message_loop::deny_unsupported()
{
    conn_.deny(error{code::not_supported, "this service takes texts only"});
}

}  // namespace porter::detail::server
