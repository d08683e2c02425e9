# Debian's packages: an install component each, that of libporter-dev is `development`. build_packages makes them.
set(CPACK_DEBIAN_PORTER_PACKAGE_NAME porter)
set(CPACK_DEBIAN_PORTERD_PACKAGE_NAME porterd)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libporter-dev)
set(components porter porterd development)

# Changelogs, licence and lintian's overrides of each package
string(TIMESTAMP PORTER_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)  # obeys $SOURCE_DATE_EPOCH
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${CMAKE_CURRENT_BINARY_DIR}/changelog @ONLY)
foreach(component IN LISTS components)
  string(TOUPPER ${component} name)
  set(package ${CPACK_DEBIAN_${name}_PACKAGE_NAME})
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${folder} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
          RENAME ${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install_page(${CMAKE_CURRENT_BINARY_DIR}/changelog ${folder} changelog.Debian COMPONENT ${component} EXCLUDE_FROM_ALL)
  install_page(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${folder} changelog COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

install_developer_docs(${CMAKE_INSTALL_DATADIR}/doc/libporter-dev COMPONENT development EXCLUDE_FROM_ALL)

# The service
set(docs ${PROJECT_SOURCE_DIR}/docs)
install(FILES ${docs}/deploy.md ${docs}/log.md ${docs}/passwords.md ${docs}/porterctl.md ${docs}/PROTOCOL.md
        ${docs}/backup.md ${docs}/cluster.md ${docs}/container.md ${docs}/from-source.md ${docs}/operating.md
        ${docs}/troubleshooting.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/porterd COMPONENT porterd EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/tools/postgres/roles.sql
        DESTINATION ${CMAKE_INSTALL_DATADIR}/porter COMPONENT porterd EXCLUDE_FROM_ALL)
install(DIRECTORY fail2ban DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/porterd/examples
        COMPONENT porterd EXCLUDE_FROM_ALL)
install(DIRECTORY ${docs}/monitoring DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/porterd/examples
        COMPONENT porterd EXCLUDE_FROM_ALL)
install(FILES porterd.service porterd.socket DESTINATION lib/systemd/system COMPONENT porterd EXCLUDE_FROM_ALL)
install(FILES porter.sysusers DESTINATION lib/sysusers.d RENAME porter.conf COMPONENT porterd EXCLUDE_FROM_ALL)
install(FILES porterd.toml DESTINATION /etc/porter COMPONENT porterd EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME porter)
set(CPACK_PACKAGE_VENDOR "Porter")
set(CPACK_PACKAGE_CONTACT ${PORTER_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # else it precedes the descriptions below
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE porter)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_PORTER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PORTER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PORTER_PACKAGE_SUGGESTS porterd)
set(CPACK_DEBIAN_PORTER_DESCRIPTION "client for services behind porterd
Porter puts accounts, sessions and encryption in front of TCP services.
.
This package has its client: it logs in or resumes a session, and exchanges
messages with the service, on a terminal or in a pipe. It uses TLS 1.3 and
checks the keys of servers as ssh does.")

set(CPACK_DEBIAN_PORTERD_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PORTERD_PACKAGE_SHLIBDEPS ON)
# The user is made by systemd-sysusers. Without systemd its small form is enough.
set(CPACK_DEBIAN_PORTERD_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PORTERD_PACKAGE_SUGGESTS "porter, sqlite3")
set(CPACK_DEBIAN_PORTERD_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm
    ${CMAKE_CURRENT_LIST_DIR}/conffiles)
set(CPACK_DEBIAN_PORTERD_DESCRIPTION "accounts, sessions and encryption for TCP services
porterd is a server that recognises its clients by their address, checks
passwords, keeps sessions across connections and restarts, and hands the
messages of each authenticated client to a service. It uses TLS 1.3.
.
This package has the server with its systemd service, the administrator's
tool porterctl, and the load generator porter-bench.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
if(PORTER_POSTGRES)
  set(libpq "libpq-dev, ")
endif()
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libasio-dev, libcrypt-dev, libfmt-dev, ${libpq}libsodium-dev, libsqlite3-dev, libssl-dev, libutf8proc-dev, \
libzxcvbn-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "cmake, pkgconf")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "accounts, sessions and encryption for TCP services (library)
Porter is a C++20 coroutine library on standalone Asio: a server with
accounts, passwords, sessions and TLS 1.3 for services of your own, its
client, and sockets for whole messages.
.
This package has the headers, the static libraries, and the files for CMake
and pkg-config.")

include(CPack)
