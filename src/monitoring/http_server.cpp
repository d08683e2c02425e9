#include "monitoring/http_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "base/file.hpp"
#include "base/thread.hpp"
#include "monitoring/bounded_stream.hpp"
#include "monitoring/content_policy.hpp"
#include "monitoring/host_check.hpp"
#include "monitoring/status_page.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::monitoring {
namespace {

/// Scrapers that are served at once: a slow one does not delay the next.
constexpr std::size_t thread_count = 4;

/// After the I/O threads.
constexpr int niceness = 5;

/// No page takes a body.
constexpr std::size_t max_body = 1024;

/// The pause when there is no descriptor for a connection.
constexpr int accept_pause_ms = 100;

constexpr char const* plain_text = "text/plain; charset=utf-8";

}  // namespace

/// The library parses a request and writes the response, by process_request(), which it has for derived servers. Its
/// public interface, with a loop of accepts of its own, is not used: in Debian 12 that queues connections without a
/// limit, and in no version does it limit the time of a whole exchange or let a program read from a stream that does.
struct http_server::impl : private httplib::Server {
    impl(endpoint const& where, pages content, std::chrono::milliseconds time);
    ~impl() override;

    listener socket;

private:
    void add_pages();
    std::string status_for(httplib::Request const& asked) const;
    void run();
    void serve(int connection);
    template <typename Exchange>
    void process(Exchange& with);

    pages const pages_;
    std::chrono::milliseconds const time_;
    base::unique_fd stop_;
    std::vector<std::thread> threads_;
};

http_server::impl::impl(endpoint const& where, pages content, std::chrono::milliseconds time)
    : socket(where), pages_(std::move(content)), time_(time), stop_(::eventfd(0, EFD_CLOEXEC))
{
    add_pages();
    set_payload_max_length(max_body);
    if (!stop_) throw start_error{start_errc::cannot_listen, "cannot serve metrics: " + base::system_message()};
    threads_.reserve(thread_count);
    try {
        while (threads_.size() < thread_count) threads_.emplace_back([this] { run(); });
    } catch (std::system_error const& error) {
        ::eventfd_write(stop_.get(), 1);
        for (auto& each : threads_) each.join();
        throw start_error{start_errc::configuration, std::string{"cannot start threads for metrics: "} + error.what()};
    }
}

http_server::impl::~impl()
{
    ::eventfd_write(stop_.get(), 1);
    for (auto& each : threads_) each.join();
}

void http_server::impl::add_pages()
{
    using httplib::Request;
    using httplib::Response;
    Get("/metrics", [this](Request const&, Response& to) {
        to.set_content(pages_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    Get("/status.json",
        [this](Request const& asked, Response& to) { to.set_content(status_for(asked), "application/json"); });
    Get("/", [policy = content_policy(status_page())](Request const&, Response& to) {
        to.set_header("Content-Security-Policy", policy.c_str());
        to.set_header("X-Frame-Options", "DENY");
        to.set_content(status_page().data(), status_page().size(), "text/html; charset=utf-8");
    });
    Get("/healthz", [this](Request const&, Response& to) {
        std::string text;
        for (auto const& each : pages_.problems()) text += each + '\n';
        to.status = text.empty() ? 200 : 503;
        to.set_content(text.empty() ? "ok\n" : text, plain_text);
    });
    set_default_headers({{"Cache-Control", "no-store"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Cross-Origin-Resource-Policy", "same-origin"},
                         {"Referrer-Policy", "no-referrer"}});
}

/// At a UNIX socket, too: ssh may forward a local port to it, which a browser reaches.
std::string http_server::impl::status_for(httplib::Request const& asked) const
{
    bool const may_name_clients = is_address_or_localhost(asked.get_header_value("Host"));
    return pages_.live_status && may_name_clients ? pages_.live_status() : pages_.status();
}

/// Several threads wait for the same socket, which does not block: one of them gets the connection.
void http_server::impl::run()
{
    base::lower_thread_priority("porter-metrics", niceness);
    for (;;) {
        std::array<pollfd, 2> waiting{{{socket.descriptor(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
        if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;  // interrupted
        if (waiting[1].revents != 0) return;
        base::unique_fd const connection{
            ::accept4(socket.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (connection) {
            serve(connection.get());
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            ::poll(&waiting[1], 1, accept_pause_ms);
        }
    }
}

void http_server::impl::serve(int connection)
{
    bounded_stream exchange{connection, stop_.get(), std::chrono::steady_clock::now() + time_};
    try {
        process(exchange);
        exchange.finish();
    } catch (std::exception const&) {  // out of memory, or a request that the library cannot take: only this one ends
    }
}

/// A template, because the library's function has other parameters in Debian 13 than in Debian 12.
template <typename Exchange>
void http_server::impl::process(Exchange& with)
{
    bool is_closed = false;
    // No page needs parts or compression, whose cost a request could multiply.
    auto const simplify = [](httplib::Request& request) {
        request.ranges.clear();
        request.headers.erase("Accept-Encoding");
    };
    if constexpr (requires { this->process_request(with, true, is_closed, simplify); }) {
        this->process_request(with, true, is_closed, simplify);
    } else {
        this->process_request(with, std::string{}, 0, std::string{}, 0, true, is_closed, simplify);
    }
}

http_server::http_server(endpoint const& where, pages content, std::chrono::milliseconds time)
    : impl_(std::make_unique<impl>(where, std::move(content), time))
{}

http_server::~http_server() = default;

std::uint16_t http_server::port() const noexcept
{
    return impl_->socket.port();
}

}  // namespace porter::detail::monitoring
