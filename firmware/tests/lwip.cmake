# The real lwIP core on the host, with the firmware's sizes, under the module and its provider.
#
# SPDX-License-Identifier: BSD-3-Clause
file(GLOB LWIP_CORE ${LWIP_DIR}/src/core/*.c ${LWIP_DIR}/src/core/ipv4/*.c
                    ${LWIP_DIR}/src/core/ipv6/*.c)
if(NOT LWIP_CORE)
    message(FATAL_ERROR "LWIP_DIR=${LWIP_DIR} does not hold lwIP's src/core")
endif()
file(GLOB PROVIDER_SOURCES CONFIGURE_DEPENDS ${FIRMWARE_DIR}/port/lwip_provider*.c)

add_library(lwip_host OBJECT ${LWIP_CORE} ${LWIP_DIR}/src/netif/ethernet.c lwip/wire.c)
target_include_directories(lwip_host PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/lwip
                                            ${CMAKE_CURRENT_SOURCE_DIR} ${FIRMWARE_DIR}
                                            ${LWIP_DIR}/src/include)
# lwIP casts addresses in packets to structures; its alignment is the firmware's concern.
target_compile_options(lwip_host PRIVATE -w -fno-sanitize=alignment)

add_library(lwip_provider OBJECT ${PROVIDER_SOURCES})
target_link_libraries(lwip_provider PUBLIC lwip_host)
target_compile_options(lwip_provider PRIVATE -Wall -Wextra -Werror)

foreach(name tcp close listen datagram ipv6)
    add_executable(test_provider_${name} test_provider_${name}.c lwip/network.c
        $<TARGET_OBJECTS:lwip_provider> $<TARGET_OBJECTS:lwip_host>
        $<TARGET_OBJECTS:socket_module> $<TARGET_OBJECTS:module_fakes>)
    target_include_directories(test_provider_${name} PRIVATE ${CMOCKA_INCLUDE_DIR})
    target_link_libraries(test_provider_${name} PRIVATE lwip_provider module_fakes
                                                        ${CMOCKA_LIBRARY} Threads::Threads)
    target_compile_options(test_provider_${name} PRIVATE -Wall -Wextra -Werror)
    add_test(NAME provider.${name} COMMAND test_provider_${name})
    set_tests_properties(provider.${name} PROPERTIES TIMEOUT 60)
endforeach()
