# Host unit tests of the agent's and the Ethernet driver's portable parts. ZCBOR_DIR is the directory
# that holds zcbor's include/ and src/.
#
# SPDX-License-Identifier: BSD-3-Clause
add_library(zcbor OBJECT
    ${ZCBOR_DIR}/src/zcbor_common.c ${ZCBOR_DIR}/src/zcbor_decode.c ${ZCBOR_DIR}/src/zcbor_encode.c)
target_include_directories(zcbor SYSTEM PUBLIC ${ZCBOR_DIR}/include)
# As in the firmware: definite lengths only.
target_compile_definitions(zcbor PUBLIC ZCBOR_CANONICAL)

add_library(agent_parts OBJECT
    ${FIRMWARE_DIR}/agent/answer.c ${FIRMWARE_DIR}/agent/decode.c ${FIRMWARE_DIR}/agent/objects.c
    ${FIRMWARE_DIR}/agent/request.c agent_fakes.c)
target_include_directories(agent_parts PUBLIC
    ${FIRMWARE_DIR} ${CMAKE_CURRENT_SOURCE_DIR} ${CMOCKA_INCLUDE_DIR})
target_link_libraries(agent_parts PUBLIC zcbor)
target_compile_options(agent_parts PRIVATE -Wall -Wextra -Werror)

foreach(name request decode answer objects)
    add_executable(agent_test_${name} agent_test_${name}.c $<TARGET_OBJECTS:agent_parts>
                                      $<TARGET_OBJECTS:zcbor>)
    target_link_libraries(agent_test_${name} PRIVATE agent_parts ${CMOCKA_LIBRARY})
    target_compile_options(agent_test_${name} PRIVATE -Wall -Wextra -Werror)
    add_test(NAME agent.${name} COMMAND agent_test_${name})
    set_tests_properties(agent.${name} PROPERTIES TIMEOUT 60)
endforeach()

add_executable(driver_test_ring driver_test_ring.c)
target_include_directories(driver_test_ring PRIVATE ${FIRMWARE_DIR} ${CMOCKA_INCLUDE_DIR})
target_link_libraries(driver_test_ring PRIVATE ${CMOCKA_LIBRARY})
target_compile_options(driver_test_ring PRIVATE -Wall -Wextra -Werror)
add_test(NAME driver.ring COMMAND driver_test_ring)
set_tests_properties(driver.ring PROPERTIES TIMEOUT 60)
