// A peer for the tests, with JeroMQ. What it is told and what it answers stands in ../peer.mjs.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import java.util.Properties;
import org.zeromq.SocketType;
import org.zeromq.ZAuth;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

public class JeroMQ {
  private static final ZContext context = new ZContext();
  private static ZMQ.Socket socket;

  private static String hexed(byte[] part) {
    return part.length == 0 ? "-" : HexFormat.of().formatHex(part);
  }

  private static byte[] unhexed(String word) {
    return HexFormat.of().parseHex(word.equals("-") ? "" : word);
  }

  private static String version() throws Exception {
    Properties properties = new Properties();
    properties.load(ZMQ.class.getResourceAsStream("/META-INF/maven/org.zeromq/jeromq/pom.properties"));
    return properties.getProperty("version");
  }

  private static String authenticate(String folder) throws Exception {
    ZAuth authenticator = new ZAuth(context);
    authenticator.configurePlain("*", folder + "/passwords");
    authenticator.configureCurve(folder + "/clients");
    authenticator.replies(false);
    return "";
  }

  private static byte[] key(String text) {
    return ZMQ.Curve.z85Decode(text);
  }

  private static String open(String[] words) throws Exception {
    socket = context.createSocket(SocketType.valueOf(words[1]));
    socket.setLinger(1000);
    socket.setSendTimeOut(5000);
    // Of ten connections that this version makes, one sends no greeting; then it tries again.
    socket.setHandshakeIvl(1000);
    String mechanism = words[2];
    if (mechanism.endsWith("-server")) socket.setZapDomain("global");
    switch (mechanism) {
      case "plain-server":
        socket.setPlainServer(true);
        break;
      case "plain-client":
        socket.setPlainUsername(words[3]);
        socket.setPlainPassword(words[4]);
        break;
      case "curve-server":
        socket.setCurveServer(true);
        socket.setCurvePublicKey(key(words[3]));
        socket.setCurveSecretKey(key(words[4]));
        break;
      case "curve-client":
        socket.setCurvePublicKey(key(words[3]));
        socket.setCurveSecretKey(key(words[4]));
        socket.setCurveServerKey(key(words[5]));
        break;
      default:
        break;
    }
    return "";
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
        return open(words);
      case "authenticate":
        return authenticate(words[1]);
      case "name":
        socket.setIdentity(unhexed(words[1]));
        return "";
      case "bind":
        socket.bind(words[1]);
        return socket.getLastEndpoint();
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
        context.destroySocket(socket);
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
