// The Java client, for tests: an independent writer and reader of record batches. One file.
//
//   expel ADDRESS GROUP                    removes all members of a group
//   elect ADDRESS                          makes the preferred replica of every partition its leader
//   password ADDRESS USER PASSWORD         gives a user of SCRAM-SHA-256 another password
//   produce ADDRESS TOPIC COMPRESSION      one record batch of awkward records
//   transactions ADDRESS TOPIC             committed, aborted and interleaved transactions
//   consume ADDRESS TOPIC COUNT            prints records as JSON lines, read committed
//   partitions COUNT KEY...                prints the partition of each key

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

public class KafkaTool {
  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "expel" -> expel(args[1], args[2]);
      case "elect" -> elect(args[1]);
      case "password" -> password(args[1], args[2], args[3]);
      case "produce" -> produce(args[1], args[2], args[3]);
      case "transactions" -> transactions(args[1], args[2]);
      case "consume" -> consume(args[1], args[2], Integer.parseInt(args[3]));
      case "partitions" -> partitions(Integer.parseInt(args[1]), List.of(args).subList(2, args.length));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  static void expel(String address, String group) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
      admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all().get();
    }
  }

  static void elect(String address) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
      admin.electLeaders(ElectionType.PREFERRED, null).partitions().get();
    }
  }

  static void password(String address, String user, String password) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
      ScramCredentialInfo how = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
      admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user, how, password))).all().get();
    }
  }

  static KafkaProducer<byte[], byte[]> producer(String address, Map<String, String> more) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", address);
    properties.put("linger.ms", "500");
    properties.put("batch.size", "1000000");
    properties.putAll(more);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static void produce(String address, String topic, String compression) {
    try (var producer = producer(address, Map.of("compression.type", compression))) {
      for (int index = 0; index < 100; index++) {
        String key = index % 7 == 0 ? null : "key-" + index;
        String value = index % 11 == 0 ? null : "värde-" + index + "-" + "x".repeat(index * 10);
        var record = new ProducerRecord<>(topic, 0, 1_600_000_000_000L - index, bytes(key), bytes(value));
        record.headers().add("plain", bytes("h" + index));
        record.headers().add("null", null);
        producer.send(record);
      }
    }
  }

  static void transactions(String address, String topic) throws Exception {
    try (var first = producer(address, Map.of("transactional.id", topic + "-1", "linger.ms", "0"));
        var second = producer(address, Map.of("transactional.id", topic + "-2", "linger.ms", "0"))) {
      first.initTransactions();
      second.initTransactions();
      for (int round = 0; round < 6; round++) {
        first.beginTransaction();
        second.beginTransaction();
        boolean firstCommits = round % 2 == 0;
        boolean secondCommits = round % 3 == 0;
        for (int index = 0; index < 3; index++) {
          first.send(named(topic, firstCommits, "first-" + round + "-" + index)).get();
          second.send(named(topic, secondCommits, "second-" + round + "-" + index)).get();
        }
        if (firstCommits) first.commitTransaction(); else first.abortTransaction();
        if (secondCommits) second.commitTransaction(); else second.abortTransaction();
      }
    }
  }

  static ProducerRecord<byte[], byte[]> named(String topic, boolean commits, String name) {
    return new ProducerRecord<>(topic, 0, bytes("k"), bytes((commits ? "committed-" : "aborted-") + name));
  }

  static void consume(String address, String topic, int count) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", address);
    properties.put("isolation.level", "read_committed");
    try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      List<String> lines = new ArrayList<>();
      long deadline = System.currentTimeMillis() + 30_000;
      while (lines.size() < count && System.currentTimeMillis() < deadline) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) lines.add(json(record));
      }
      lines.forEach(System.out::println);
    }
  }

  static String json(ConsumerRecord<byte[], byte[]> record) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) headers.add("[" + quoted(bytes(header.key())) + "," + quoted(header.value()) + "]");
    return "{\"offset\":" + record.offset() + ",\"timestampMs\":" + record.timestamp() + ",\"key\":" + quoted(record.key())
        + ",\"value\":" + quoted(record.value()) + ",\"headers\":[" + String.join(",", headers) + "]}";
  }

  /** Base64, so that no bytes need escaping. */
  static String quoted(byte[] bytes) {
    return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
  }

  static void partitions(int count, List<String> keys) {
    System.out.println(keys.stream()
        .map(key -> String.valueOf(Utils.toPositive(Utils.murmur2(bytes(key))) % count))
        .collect(Collectors.joining(",")));
  }
}
