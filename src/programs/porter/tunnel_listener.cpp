#include "programs/porter/tunnel_listener.hpp"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <utility>

#include "porter/start_error.hpp"
#include "porter/text.hpp"

namespace porter::programs {

namespace {

/// More local programs wait in the kernel's queue: a server evicts connections without access when there are many.
constexpr std::size_t max_opening = 32;

constexpr std::chrono::milliseconds accept_pause{100};  // after a failed accept: no descriptor is free

}  // namespace

tunnel_listener::tunnel_listener(io_executor executor, porter_options const& options, login_flow& login,
                                 std::shared_ptr<client>& connection, console& console)
    : executor_(executor),
      options_(options),
      login_(login),
      client_(connection),
      console_(console),
      listener_(executor, *options.listen),
      changed_(executor)
{}

task<exit_status> tunnel_listener::run()
{
    if (!options_.port_file.empty()) detail::terminal::port_file::check(options_.port_file, {});
    auto const bound = listener_.bind();
    if (!bound) co_return bound.error();
    auto checked = co_await check_access();
    if (!checked) co_return checked.error();
    auto const listening = listener_.listen();
    if (!listening) co_return listening.error();
    announce();
    auto const finished = [this](std::exception_ptr const& defect) {
        is_accepting_ = false;
        if (defect) end(exit_status_for(defect));
        changed_.notify();
    };
    is_accepting_ = true;
    asio::co_spawn(executor_, accept_programs(), finished);
    while (!exit_) co_await changed_.wait();
    listener_.close();
    port_file_.reset();
    for (auto const& each : programs_) each->passing.stop();
    while (is_accepting_ || !programs_.empty()) co_await changed_.wait();
    co_await access_->end_session();
    co_return *exit_;
}

void tunnel_listener::stop()
{
    end({});
}

void tunnel_listener::end(exit_status status)
{
    if (!exit_) exit_ = std::move(status);
    changed_.notify();
}

task<outcome<void>> tunnel_listener::check_access()
{
    auto logged_in = co_await login_.log_in();
    if (logged_in) access_.emplace(executor_, options_, login_, *client_, console_);
    if (client_) co_await client_->close();
    client_.reset();
    co_return logged_in;
}

void tunnel_listener::announce()
{
    if (!options_.port_file.empty()) port_file_.emplace(options_.port_file, listener_.port());
    auto const& server = login_.server();
    bool const is_ipv6 = server.host.find(':') != std::string::npos;
    auto const host = escape(server.host);
    console_.print(fmt::format("porter: listening on {} for {}:{}", listener_.name(), is_ipv6 ? "[" + host + "]" : host,
                               server.port));
    if (!is_reachable_from_outside(*options_.listen)) return;
    console_.error(
        fmt::format("warning: other machines that reach {} use the server with your access", listener_.name()));
}

task<void> tunnel_listener::accept_programs()
{
    while (!exit_) {
        if (opening_ >= max_opening) {
            co_await changed_.wait();
            continue;
        }
        auto socket = co_await accept();
        if (socket && !exit_) start(std::move(*socket));
    }
}

/// None: accepting failed. Pauses then, and reports each error once in a row.
task<std::optional<local_socket>> tunnel_listener::accept()
{
    std::error_code error;
    auto socket = co_await listener_.accept(error);
    if (!error) {
        accept_error_.clear();
        co_return std::move(socket);
    }
    if (exit_) co_return std::nullopt;
    auto message = fmt::format("cannot accept a local program: {}", error.message());
    if (message != std::exchange(accept_error_, message)) console_.error(message);
    timer pause{executor_};
    co_await pause.wait_for(accept_pause);
    co_return std::nullopt;
}

void tunnel_listener::start(local_socket socket)
{
    ++accepted_;
    auto const peer = peer_name(socket);
    auto name = fmt::format("connection {}{}{}", accepted_, peer.empty() ? "" : " from ", peer);
    auto const program = std::make_shared<local_program>(executor_, std::move(socket), std::move(name));
    auto const finished = [this, program](std::exception_ptr const& defect) {
        if (defect) fail(*program, exit_status_for(defect));
        changed_.notify();
    };
    ++opening_;
    asio::co_spawn(executor_, serve(program), finished);
}

task<void> tunnel_listener::serve(program_ptr program)
{
    auto opened = co_await access_->open();
    --opening_;
    changed_.notify();
    if (!opened) {
        fail(*program, exit_status_for(opened.error()));
        if (access_->rejection()) end(exit_status_for(*access_->rejection()));
        co_return;
    }
    program->connection = std::make_shared<client>(std::move(*opened));
    if (exit_) co_return;
    programs_.push_back(program);
    co_await pass_bytes(program);
    programs_.remove(program);
}

/// What has arrived is not all if a side fails: the server gets no `closing` then, and the local program an error.
task<void> tunnel_listener::pass_bytes(program_ptr program)
{
    auto& passing = program->passing;
    auto const status = co_await passing.run();
    if (passing.is_complete() || exit_) co_await program->connection->close();
    if (!passing.is_complete()) fail(*program, status);
    program->connection.reset();
    co_await passing.join();
}

void tunnel_listener::fail(local_program& program, exit_status const& status)
{
    if (!status.message.empty()) console_.error(fmt::format("{}: {}", program.name, status.message));
    program.stream.reset();
}

}  // namespace porter::programs
