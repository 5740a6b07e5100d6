// A peer for the tests, with JeroMQ. What it is told and what it answers stands in ../peer.mjs.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Properties;
import org.zeromq.ZMQ;

public class JeroMQ {
  private static final ZMQ.Context context = ZMQ.context(1);
  private static ZMQ.Socket socket;

  private static String hexed(byte[] part) {
    return part.length == 0 ? "-" : HexFormat.of().formatHex(part);
  }

  private static byte[] unhexed(String word) {
    return HexFormat.of().parseHex(word.equals("-") ? "" : word);
  }

  /** Later versions of JeroMQ have mechanisms. */
  private static void refuse(String mechanism, String setter) throws Exception {
    boolean has = Arrays.stream(ZMQ.Socket.class.getMethods()).anyMatch(method -> method.getName().equals(setter));
    throw new Exception(
        has ? "there is " + mechanism + " in this JeroMQ, and not in peers/JeroMQ.java"
            : "JeroMQ " + version() + " has no Socket." + setter);
  }

  private static String version() throws Exception {
    Properties properties = new Properties();
    properties.load(ZMQ.class.getResourceAsStream("/META-INF/maven/org.zeromq/jeromq/pom.properties"));
    return properties.getProperty("version");
  }

  private static String open(String type, String mechanism) throws Exception {
    if (mechanism.startsWith("plain")) refuse("PLAIN", "setPlainUsername");
    if (mechanism.startsWith("curve")) refuse("CURVE", "setCurveServerKey");
    socket = context.socket(ZMQ.class.getField(type).getInt(null));
    socket.setLinger(1000);
    socket.setSendTimeOut(5000);
    return "";
  }

  private static String bind(String address) {
    // There is no last endpoint.
    if (address.endsWith(":*")) {
      String host = address.substring(0, address.length() - 2);
      return host + ":" + socket.bindToRandomPort(host);
    }
    socket.bind(address);
    return address;
  }

  /** Null if there is no room. */
  private static String send(String[] words) {
    for (int at = 1; at < words.length; at++) {
      if (!socket.send(unhexed(words[at]), at < words.length - 1 ? ZMQ.SNDMORE : 0)) return null;
    }
    return "";
  }

  /** Null if nothing comes. */
  private static String receive(int timeout) {
    socket.setReceiveTimeOut(timeout);
    StringBuilder text = new StringBuilder();
    do {
      byte[] part = socket.recv();
      if (part == null) return null;
      text.append(hexed(part)).append(' ');
    } while (socket.hasReceiveMore());
    return text.toString();
  }

  private static String run(String[] words) throws Exception {
    switch (words[0]) {
      case "version":
        return "JeroMQ " + version() + ", Java " + System.getProperty("java.version");
      case "open":
        return open(words[1], words[2]);
      case "name":
        socket.setIdentity(unhexed(words[1]));
        return "";
      case "bind":
        return bind(words[1]);
      case "connect":
        socket.connect(words[1]);
        return "";
      case "subscribe":
        socket.subscribe(unhexed(words[1]));
        return "";
      case "unsubscribe":
        socket.unsubscribe(unhexed(words[1]));
        return "";
      case "send":
        return send(words);
      case "receive":
        return receive(Integer.parseInt(words[1]));
      case "close":
        socket.close();
        return "";
      default:
        throw new Exception("no such command");
    }
  }

  public static void main(String[] args) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      try {
        String answer = run(line.split(" "));
        System.out.println(answer == null ? "nothing" : "ok " + answer);
      } catch (Exception error) {
        System.out.println("error " + error.getMessage());
      }
      System.out.flush();
    }
    System.exit(0);
  }
}
