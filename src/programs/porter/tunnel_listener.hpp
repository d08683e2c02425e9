#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "programs/porter/access_source.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/local_listener.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/tunnel.hpp"
#include "terminal/port_file.hpp"

namespace porter::programs {

/// --listen: accepts local programs and gives each a connection of its own, until it is stopped. What fails for one
/// connection is a line on stderr, and the listener stays.
class tunnel_listener {
public:
    /// `connection` receives the one that `login` makes. All arguments must outlive the object.
    tunnel_listener(io_executor executor, porter_options const& options, login_flow& login,
                    std::shared_ptr<client>& connection, console& console);

    /// Takes the address, checks the access once, so that a wrong password or an unknown server is an error at the
    /// start, and listens.
    task<exit_status> run();

    /// Whether access was checked and local programs are accepted.
    bool is_listening() const noexcept { return is_accepting_; }

    /// Ends run(): closes the tunnels in order, and exits with success.
    void stop();

private:
    struct local_program {
        local_program(io_executor executor, local_socket socket, std::string name_)
            : name(std::move(name_)), stream(std::move(socket)), passing(executor, connection, stream)
        {}

        std::string name;
        socket_stream stream;
        std::shared_ptr<client> connection;
        tunnel passing;
    };
    using program_ptr = std::shared_ptr<local_program>;

    task<outcome<void>> check_access();
    void announce();
    task<void> accept_programs();
    task<std::optional<local_socket>> accept();
    void start(local_socket socket);
    task<void> serve(program_ptr program);
    task<void> pass_bytes(program_ptr program);
    void fail(local_program& program, exit_status const& status);
    void end(exit_status status);

    io_executor executor_;
    porter_options const& options_;
    login_flow& login_;
    std::shared_ptr<client>& client_;
    console& console_;
    local_listener listener_;
    std::optional<detail::terminal::port_file> port_file_;
    std::optional<access_source> access_;
    std::list<program_ptr> programs_;  // with access
    std::uint64_t accepted_ = 0;
    std::size_t opening_ = 0;  // connections that are being made
    bool is_accepting_ = false;
    std::string accept_error_;  // reported last
    std::optional<exit_status> exit_;
    timer changed_;
};

}  // namespace porter::programs
