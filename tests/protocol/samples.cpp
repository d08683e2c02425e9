#include "protocol/samples.hpp"

namespace porter::testing {

protocol::sessions two_sessions()
{
    protocol::sessions list;
    list.entries.push_back({1, 2, 3, 4, "192.0.2.1", false});
    list.entries.push_back({5, 6, 7, 8, "2001:db8::1", true});
    return list;
}

std::vector<sample> samples()
{
    using namespace protocol;
    return {
        {kind::hello, encoded(hello{1, "t"})},
        {kind::identify, encoded(identify{"Алиса"})},
        {kind::register_account, encoded(register_account{"Alice", "correct horse"})},
        {kind::login, encoded(login{"Alice", "correct horse"})},
        {kind::resume, encoded(resume{"prt_token"})},
        {kind::change_password, encoded(change_password{"old", "new"})},
        {kind::logout, encoded(logout{logout_scope::account})},
        {kind::list_sessions, encoded(list_sessions{})},
        {kind::revoke_session, encoded(revoke_session{0x0102030405060708})},
        {kind::redeem, encoded(redeem{"0000-0000", "Alice", "correct horse"})},
        {kind::prove, encoded(prove{"123456"})},
        {kind::second_factor, encoded(second_factor{factor_action::confirm, "123456"})},
        {kind::text, encoded(text{"привет"})},
        {kind::data, encoded(data{base::as_bytes("\xff\x80")})},
        {kind::ping, encoded(ping{base::as_bytes("p")})},
        {kind::pong, encoded(pong{base::as_bytes("q")})},
        {kind::closing, encoded(closing{10, "back soon"})},
        {kind::welcome, encoded(welcome{1, access_mode::identify, 1 << 20, "porterd/0.1.0", "Alice"})},
        {kind::granted, encoded(granted{auth_method::login, "Alice", 7, "prt_token", 1, 2, "192.0.2.7", 3})},
        {kind::denied, encoded(denied{25, 3, "later"})},
        {kind::done, encoded(done{})},
        {kind::sessions, encoded(two_sessions())},
        {kind::enrolment, encoded(enrolment{"otpauth://totp/Alice", {"abcd", "efgh"}})},
    };
}

}  // namespace porter::testing
